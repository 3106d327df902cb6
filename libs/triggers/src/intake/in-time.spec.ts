import { TestClock } from '../testing/test-clock.js';
import { inTime } from './in-time.js';

describe('an answer in time', () => {
  const never = new Promise<never>(() => undefined);

  it('is an error when the deadline passes first, and sets no timer afterwards', async () => {
    const clock = new TestClock();
    const answer = inTime(clock, never, 2_000).catch((error: unknown) => error);
    await clock.advance(2_000);
    expect(await answer).toMatchObject({ code: 'TRG_STORE_UNAVAILABLE' });
    expect(clock.timers).toBe(0);
  });

  it('is what became of the work, and leaves no timer behind', async () => {
    const clock = new TestClock();
    expect(await inTime(clock, Promise.resolve(7), 2_000)).toBe(7);
    await expect(inTime(clock, Promise.reject(new Error('no')), 2_000)).rejects.toThrow('no');
    await clock.settle();
    expect(clock.timers).toBe(0);
  });

  // The clock of the machine sets no timer further ahead than a minute: one for ever would ring then.
  it.each([undefined, Infinity])('takes as long as it takes with the deadline %s, without a timer', (deadlineMs) => {
    const clock = new TestClock();
    void inTime(clock, never, deadlineMs);
    expect(clock.timers).toBe(0);
  });
});
