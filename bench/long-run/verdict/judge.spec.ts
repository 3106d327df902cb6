import { judge } from './judge.js';
import { robustSlope } from '../../harness/robust-line.js';

/** An hour, looked at twice a minute. */
function hour(of: (minutes: number) => Record<string, number>) {
  return Array.from({ length: 121 }, (_, index) => ({ minutes: index / 2, ...of(index / 2) }));
}

function verdictOn(key: string, of: (minutes: number) => number) {
  return judge(hour((minutes) => ({ [key]: of(minutes) }))).find(({ series }) => series.key === key)!;
}

describe('the slope of a curve', () => {
  it('is that of a line', () => {
    expect(robustSlope([0, 1, 2, 3, 4].map((x) => ({ x, y: 2 * x + 7 })))).toBe(2);
  });

  it('does not heed a quarter of the points', () => {
    const points = Array.from({ length: 40 }, (_, x) => ({ x, y: x % 4 === 0 ? 1e6 * (x % 3) : 5 }));
    expect(robustSlope(points)).toBe(0);
  });
});

describe('the verdict', () => {
  it('does not mind how memory rises while the application warms up', () => {
    expect(verdictOn('rss', (minutes) => 100 + Math.min(minutes, 25) * 10)).toMatchObject({ flat: true, median: 350 });
  });

  it('does not mind a sawtooth', () => {
    expect(verdictOn('heapLive', (minutes) => 50 + (minutes % 3) * 20).flat).toBe(true);
  });

  it('sees a leak of 1.1 MB a minute, and by how much it went too far', () => {
    const verdict = verdictOn('rss', (minutes) => 100 + minutes * 1.1);
    expect(verdict.flat).toBe(false);
    expect(verdict.drift).toBeCloseTo(33);
    expect(verdict.allowed).toBe(30);
  });

  it('sees one handle more every five minutes', () => {
    expect(verdictOn('handles', (minutes) => 10 + Math.floor(minutes / 5)).flat).toBe(false);
  });

  it('sees rows that are not pruned', () => {
    expect(verdictOn('rows_task', (minutes) => minutes * 1_000).flat).toBe(false);
  });

  it('does not blame the application for what made an idle process late as well', () => {
    const steep = (beside: number) =>
      judge(hour((minutes) => ({ lateP99: minutes * 10, controlP99: 1 + minutes * beside }))).find(
        ({ series }) => series.key === 'lateP99',
      )!.flat;
    expect(steep(0)).toBe(false);
    expect(steep(1)).toBe(true);
  });

  it('takes falling for no fault', () => {
    expect(verdictOn('lateP99', (minutes) => 600 - minutes * 10).flat).toBe(true);
  });

  it('says nothing of rows when the run is too short for pruning', () => {
    const short = hour((minutes) => ({ rows_task: minutes * 1_000, handles: minutes * 10 })).slice(0, 15);
    const flat = (key: string) => judge(short).find(({ series }) => series.key === key)!.flat;
    expect(flat('rows_task')).toBeNull();
    expect(flat('handles')).toBe(false);
  });

  it('says nothing of what was not measured', () => {
    expect(verdictOn('files', () => NaN).flat).toBeNull();
  });
});
