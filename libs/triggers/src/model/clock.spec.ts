import { MAX_TIMER_MS, SystemClock } from './clock.js';

describe('SystemClock', () => {
  const clock = new SystemClock();

  beforeEach(() => void jest.useFakeTimers({ now: 1_000_000 }));
  afterEach(() => void jest.useRealTimers());

  it('tells the time of the machine, and time that passes', () => {
    const before = clock.monotonic();
    jest.advanceTimersByTime(250);
    expect([clock.now(), clock.monotonic() - before]).toEqual([1_000_250, 250]);
  });

  it('leaves instants in rows to a database that has its own clock', () => {
    expect(clock.rulesTheStore).toBe(false);
  });

  it.each([
    [5, 5],
    [-5, 0],
    [2 ** 31, MAX_TIMER_MS],
  ])('wakes after %d ms in %d: never before now, never more than a minute ahead', (asked, delayMs) => {
    const wake = jest.fn();
    const setTimeout = jest.spyOn(globalThis, 'setTimeout');
    clock.setTimer(wake, asked);
    expect(setTimeout).toHaveBeenCalledWith(wake, delayMs);
    jest.advanceTimersByTime(delayMs);
    expect(wake).toHaveBeenCalledTimes(1);
  });

  it('does not wake for a timer that was taken back', () => {
    const wake = jest.fn();
    clock.setTimer(wake, 5).clear();
    jest.advanceTimersByTime(10);
    expect(wake).not.toHaveBeenCalled();
  });
});
