import fc from 'fast-check';
import { runs } from '../../testing/properties.contract.js';
import { COUNTS_EVERY_MS, TickCounter } from './tick-counter.js';

const skip = (ticks: TickCounter, at: number, reason = 'empty'): boolean => ticks.count('skipped', reason, at, 2);

describe('TickCounter', () => {
  it('folds equal skips into one row with a count', () => {
    const ticks = new TickCounter(0);
    for (const at of [0, 1_000, 2_000]) expect(skip(ticks, at)).toBe(false);
    expect(ticks.drafts(2_500)).toEqual([
      {
        id: expect.any(String),
        outcome: 'skipped',
        reason: 'empty',
        count: 3,
        firstAgoMs: 2_500,
        lastAgoMs: 500,
        durationMs: 2,
      },
    ]);
    expect(ticks.counts).toEqual({ polls: 3, skips: 3, duplicates: 0, failures: 0 });
  });

  it('lets a written run grow under its id and writes nothing while it does not grow', () => {
    const ticks = new TickCounter(0);
    skip(ticks, 0);
    const [first] = ticks.drafts(0);
    ticks.written(0);
    expect(ticks.drafts(10)).toEqual([]);
    expect(ticks.hasUnwritten).toBe(false);
    skip(ticks, 1_000);
    expect(ticks.drafts(1_000)).toMatchObject([{ id: first?.id, count: 2 }]);
    expect(ticks.counts.polls).toBe(1);
  });

  it('says when reason or outcome change, except for the first of all', () => {
    const ticks = new TickCounter(0);
    expect(skip(ticks, 0)).toBe(false);
    expect(skip(ticks, 1, 'too young')).toBe(true);
    expect(ticks.count('failed', 'too young', 2, 0)).toBe(true);
    expect(ticks.drafts(2).map(({ reason, outcome, count }) => [reason, outcome, count])).toEqual([
      ['empty', 'skipped', 1],
      ['too young', 'skipped', 1],
      ['too young', 'failed', 1],
    ]);
  });

  it('counts a fire only when it is written, and what follows is a change', () => {
    const ticks = new TickCounter(0);
    skip(ticks, 0);
    const { counts, ticks: rows } = ticks.withFire(5, 1, 10);
    expect(counts.polls).toBe(2);
    expect(rows.map(({ outcome, firstAgoMs }) => [outcome, firstAgoMs])).toEqual([
      ['skipped', 10],
      ['fired', 5],
    ]);
    expect(ticks.counts.polls).toBe(1);
    ticks.fireWritten(0);
    expect(ticks.drafts(10)).toEqual([]);
    expect(skip(ticks, 20)).toBe(true);
  });

  it('is due at its place in every quarter of an hour, if there is anything to write', () => {
    const ticks = new TickCounter(5_000);
    expect(ticks.isDue(5_000)).toBe(false);
    skip(ticks, 1_000);
    expect(ticks.isDue(4_999)).toBe(false);
    expect(ticks.isDue(5_000)).toBe(true);
    ticks.written(9_000);
    skip(ticks, 10_000);
    expect(ticks.isDue(COUNTS_EVERY_MS + 4_999)).toBe(false);
    expect(ticks.isDue(COUNTS_EVERY_MS + 5_000)).toBe(true);
  });

  it('keeps its place when something else is written before', () => {
    const ticks = new TickCounter(5_000);
    skip(ticks, 1_000);
    ticks.fireWritten(2_000);
    skip(ticks, 3_000);
    expect(ticks.isDue(5_000)).toBe(true);
  });

  it('is missed from a miss to the next write', () => {
    const ticks = new TickCounter(0);
    expect(ticks.isMissed).toBe(false);
    ticks.miss();
    skip(ticks, 1_000);
    expect(ticks.isMissed).toBe(true);
    ticks.written(1_000);
    expect(ticks.isMissed).toBe(false);
  });

  it('loses no poll and counts none twice, whatever happens between writes', () => {
    const step = fc.oneof(fc.constantFrom('a', 'b'), fc.constant('write' as const), fc.constant('fire' as const));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const ticks = new TickCounter(0);
        const rows = new Map<string, number>();
        const store = (drafts: readonly { id: string; count: number }[]) =>
          drafts.forEach(({ id, count }) => rows.set(id, count));
        let polls = 0;
        steps.forEach((what, at) => {
          if (what === 'fire') {
            const fire = ticks.withFire(at, 0, at);
            polls += fire.counts.polls;
            store(fire.ticks);
            ticks.fireWritten(0);
          } else if (what === 'write') {
            polls += ticks.counts.polls;
            store(ticks.drafts(at));
            ticks.written(0);
          } else skip(ticks, at, what);
        });
        polls += ticks.counts.polls;
        store(ticks.drafts(99));
        expect(polls).toBe(steps.filter((what) => what !== 'write').length);
        expect([...rows.values()].reduce((sum, count) => sum + count, 0)).toBe(polls);
      }),
      runs(100),
    );
  });
});
