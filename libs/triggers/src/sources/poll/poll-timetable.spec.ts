import { TestClock } from '../../testing/test-clock.js';
import { PollTimetable } from './poll-timetable.js';
import type { PolledTrigger } from './polled-trigger.js';

describe('PollTimetable', () => {
  let clock: TestClock;
  let timetable: PollTimetable;
  let turns: number[];
  let woken: { at: number; due: number }[];
  let due: Map<PolledTrigger, number>;
  let start: number;

  beforeEach(() => {
    clock = new TestClock();
    turns = [];
    woken = [];
    due = new Map();
    timetable = new PollTimetable(clock, { show: () => undefined, hide: () => undefined }, (trigger, now) => {
      if (turns.at(-1) !== now) turns.push(now);
      woken.push({ at: now - start, due: (due.get(trigger) as number) - start });
      due.set(trigger, Number.POSITIVE_INFINITY);
    });
    start = clock.monotonic();
  });

  function arm(afterMs: number): PolledTrigger {
    const trigger = { armedFor: null, wakeAt: () => due.get(trigger) } as unknown as PolledTrigger;
    due.set(trigger, start + afterMs);
    timetable.arm(trigger, start);
    return trigger;
  }

  it('wakes a few triggers in their own milliseconds', async () => {
    for (const afterMs of [7, 3, 4, 3, 3.2]) arm(afterMs);
    await clock.advance(20);
    expect(woken.map(({ at }) => at)).toEqual([3, 3, 4, 4, 7]);
  });

  it('wakes many triggers in turns, none of them early and none more than ten milliseconds late', async () => {
    for (let each = 0; each < 5_000; each += 1) arm(1_000 + each / 10);
    await clock.advance(2_000);
    expect(woken).toHaveLength(5_000);
    const late = woken.map(({ at, due: wanted }) => at - wanted);
    expect(Math.min(...late)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...late)).toBeLessThanOrEqual(10);
    expect(turns.length).toBeLessThan(60);
  });

  it('forgets what is taken back, and has no timer when nothing waits', async () => {
    const [gone, kept] = [arm(5), arm(5)];
    timetable.disarm(gone);
    await clock.advance(4);
    expect(clock.timers).toBe(1);
    timetable.disarm(kept);
    timetable.disarm(kept);
    expect(clock.timers).toBe(0);
    await clock.advance(10);
    expect(woken).toEqual([]);
    arm(20);
    await clock.advance(20);
    expect(woken).toHaveLength(1);
    expect(clock.timers).toBe(0);
  });

  it('wakes a trigger that was armed for something earlier only then', async () => {
    const trigger = arm(50);
    due.set(trigger, start + 5);
    timetable.arm(trigger, start);
    await clock.advance(100);
    expect(woken).toEqual([{ at: 5, due: 5 }]);
  });
});
