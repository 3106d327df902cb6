import fc from 'fast-check';
import { runs } from '../testing/properties.contract.js';
import { TestClock } from '../testing/test-clock.js';
import { MAX_TIMER_MS } from './clock.js';
import type { TimerHandle } from './clock.js';
import { Heap } from './heap.js';
import { Wakeups } from './timers.js';

describe('Wakeups', () => {
  // Cloacina case 32
  it('wakes in the order of time, and of asking where that is equal, with one timer', async () => {
    const clock = new TestClock();
    const wakeups = new Wakeups(clock, 'test');
    const woken: string[] = [];
    for (const [at, name] of [
      [30, 'c'],
      [10, 'a'],
      [30, 'd'],
      [20, 'b'],
      [-5, 'now'],
    ] as const) {
      wakeups.after(at, () => void woken.push(`${name} ${clock.monotonic()}`));
    }
    expect([clock.timers, wakeups.size]).toEqual([1, 5]);
    await clock.advance(30);
    expect(woken).toEqual(['now 0', 'a 10', 'b 20', 'c 30', 'd 30']);
    expect([clock.timers, wakeups.size]).toEqual([0, 0]);
  });

  // Cloacina case 32, Review 18
  it('sets no timer further ahead than a minute, and decides again on waking', async () => {
    const clock = new TestClock();
    const delays: number[] = [];
    const setTimer = clock.setTimer.bind(clock);
    jest
      .spyOn(clock, 'setTimer')
      .mockImplementation((wake, delayMs) => (delays.push(delayMs), setTimer(wake, delayMs)));
    const wakeups = new Wakeups(clock, 'test');
    const woken = jest.fn();
    wakeups.after(2 ** 31, woken);
    await clock.advance(10 * MAX_TIMER_MS);
    expect(Math.max(...delays)).toBe(MAX_TIMER_MS);
    expect(woken).not.toHaveBeenCalled();
    wakeups.clear();
  });

  // Review 18
  it('goes by time that passes, not by a clock that jumps', async () => {
    const clock = new TestClock();
    const woken = jest.fn();
    new Wakeups(clock, 'test').after(1_000, woken);
    clock.set('2036-01-01T00:00:00Z');
    await clock.advance(999);
    expect(woken).not.toHaveBeenCalled();
    clock.set('2016-01-01T00:00:00Z');
    await clock.advance(1);
    expect(woken).toHaveBeenCalledTimes(1);
  });

  it('leaves what is asked for while waking to the next turn', async () => {
    const clock = new TestClock();
    let turn = 0;
    const setTimer = clock.setTimer.bind(clock);
    jest.spyOn(clock, 'setTimer').mockImplementation((wake, delayMs) => setTimer(() => (turn++, wake()), delayMs));
    const wakeups = new Wakeups(clock, 'test');
    const turns: number[] = [];
    const again = (): void => {
      turns.push(turn);
      if (turns.length < 4) wakeups.after(0, again);
    };
    wakeups.after(0, again);
    await clock.advance(0);
    expect(turns).toEqual([1, 2, 3, 4]);
  });

  it('sets its timer again only for a wake-up that comes before the first', () => {
    const clock = new TestClock();
    const setTimer = jest.spyOn(clock, 'setTimer');
    const wakeups = new Wakeups(clock, 'test');
    for (const at of [20, 30, 20, 10, 10]) wakeups.after(at, () => undefined);
    expect(setTimer.mock.calls.map(([, delayMs]) => delayMs)).toEqual([20, 10]);
    expect(clock.timers).toBe(1);
  });

  it('shows its timer under its name, and hides it when nothing waits', async () => {
    const clock = new TestClock();
    const shown: string[] = [];
    const registry = { show: (name: string) => shown.push(`+${name}`), hide: (name: string) => shown.push(`-${name}`) };
    const handle = new Wakeups(clock, 'triggers:test', registry).after(5, () => undefined);
    handle.clear();
    expect(shown).toEqual(['+triggers:test', '-triggers:test']);
    expect(clock.timers).toBe(0);
  });

  it.each([
    // As long as they are at most a thousand, or no more than the others, they may stay.
    { waiting: 1_500, stays: 1_000 },
    { waiting: 2_100, stays: 1_050 },
  ])('lets $stays of $waiting wake-ups that were taken back stay, and none where it is one more', async (given) => {
    const clock = new TestClock();
    const wakeups = new Wakeups(clock, 'test');
    const woken: number[] = [];
    const forget = jest.spyOn(Heap.prototype, 'retain');
    const handles = Array.from({ length: given.waiting }, (_, at) => wakeups.after(5, () => void woken.push(at)));
    const taken = handles.splice(0, given.stays + 1);
    for (const handle of taken.slice(1)) handle.clear();
    expect([forget.mock.calls.length, wakeups.size]).toEqual([0, handles.length + 1]);
    taken[0]?.clear();
    expect([forget.mock.calls.length, wakeups.size]).toEqual([1, handles.length]);
    handles.pop()?.clear();
    await clock.advance(5);
    expect([forget.mock.calls.length, wakeups.size]).toEqual([1, 0]);
    expect(woken).toEqual(handles.map((_, at) => taken.length + at));
    forget.mockRestore();
  });

  it('wakes exactly those that were not taken back, like a sorted list, also after it was cleared', async () => {
    // Few instants and few handles, so that many wake-ups are due at once and most of what is taken back was asked for.
    const of = <K extends string>(kind: K, max: number) =>
      fc.record({ kind: fc.constant(kind), value: fc.nat({ max }) });
    const step = fc.oneof(
      { arbitrary: of('after', 6), weight: 8 },
      { arbitrary: of('takeBack', 12), weight: 3 },
      { arbitrary: of('advance', 8), weight: 2 },
      { arbitrary: of('clear', 0), weight: 1 },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), async (steps) => {
        const clock = new TestClock();
        const wakeups = new Wakeups(clock, 'test');
        const woken: number[] = [];
        const handles: TimerHandle[] = [];
        let waiting: { id: number; at: number }[] = [];
        for (const { kind, value } of steps) {
          const id = handles.length;
          if (kind === 'after') {
            handles.push(wakeups.after(value, () => void woken.push(id)));
            waiting.push({ id, at: clock.monotonic() + value });
          } else if (kind === 'takeBack') {
            handles[value]?.clear();
            waiting = waiting.filter((entry) => entry.id !== value);
          } else if (kind === 'clear') {
            wakeups.clear();
            waiting = [];
          } else {
            const end = clock.monotonic() + value;
            const due = waiting.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at || a.id - b.id);
            waiting = waiting.filter(({ at }) => at > end);
            woken.length = 0;
            await clock.advance(value);
            expect(woken).toEqual(due.map((entry) => entry.id));
          }
          expect(wakeups.size).toBe(waiting.length);
        }
      }),
      runs(200),
    );
  });
});
