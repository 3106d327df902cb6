import { TestClock } from '../../../testing/test-clock.js';
import { PollSeries } from '../poll-series.contract.js';
import type { DepthState, QueueDepthOptions } from './queue-depth.options.js';
import { QueueDepthSource } from './queue-depth.source.js';

let depth: unknown;
beforeEach(() => (depth = 0));

const source = (options: Partial<QueueDepthOptions> = {}): QueueDepthSource<object, DepthState> =>
  new QueueDepthSource<object, DepthState>({ depth: async () => depth as number, above: 100, below: 50, ...options });
const watch = (options: Partial<QueueDepthOptions> = {}): PollSeries<object> =>
  new PollSeries(source(options), new TestClock());
const polls = async (series: PollSeries<object>, ...depths: number[]): Promise<object[]> => {
  const fired: object[] = [];
  for (depth of depths) fired.push(...(await series.poll()).fired);
  return fired;
};

it('fires once on the way up, and again when it was short in between', async () => {
  const series = watch();
  expect(await polls(series, 99, 100, 150, 51, 50, 99, 120)).toEqual([{ state: 'above', depth: 100, threshold: 100 }]);
  expect(await polls(series, 49, 99, 100)).toEqual([{ state: 'above', depth: 100, threshold: 100 }]);
});

it('fires on the way down too where it is told', async () => {
  const series = watch({ on: ['above', 'below'] });
  expect(await polls(series, 200, 60, 10, 70, 0)).toEqual([
    { state: 'above', depth: 200, threshold: 100 },
    { state: 'below', depth: 10, threshold: 50 },
  ]);
});

it('has one threshold unless it is given two', async () => {
  const plain = new PollSeries(new QueueDepthSource({ depth: () => depth as number, above: 5 }), new TestClock());
  expect(await polls(plain, 5, 4, 5)).toHaveLength(2);
});

it('neither repeats nor forgets over a restart or a crash', async () => {
  const series = watch();
  depth = 100;
  expect((await series.poll({ lost: true })).fired).toHaveLength(1);
  series.source = source();
  expect((await series.poll()).fired).toHaveLength(1);
  series.source = source();
  expect((await series.poll()).fired).toHaveLength(0);
});

it('skips for the same reason as long as nothing is crossed, and writes nothing', async () => {
  const series = watch();
  const reasons = new Set<string | null>();
  for (depth of [1, 2, 3]) reasons.add((await series.poll()).result.reason);
  expect([...reasons]).toEqual(['fewer than 100 wait']);
  expect(series.cursor).toBeUndefined();
});

it.each(['12', NaN, Infinity, undefined])('fails the poll when the depth is %p', async (value) => {
  depth = value;
  await expect(watch().poll()).rejects.toMatchObject({ code: 'TRG_POLL_SOURCE' });
});

it.each([
  [{ depth: 5 as never }, '"depth"'],
  [{ above: 0 }, '"above"'],
  [{ above: NaN }, '"above"'],
  [{ below: 101 }, '"below"'],
  [{ below: 0 }, '"below"'],
  [{ on: [] }, '"on"'],
  [{ on: ['beside' as never] }, '"on"'],
])('refuses %j as a definition error', (options, named) => {
  expect(() => source(options)).toThrow(named);
});
