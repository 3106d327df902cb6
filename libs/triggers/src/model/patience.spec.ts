import { TestClock } from '../testing/test-clock.js';
import { isDoneWithin } from './patience.js';

describe('isDoneWithin', () => {
  it('is true as soon as the work is done', async () => {
    const clock = new TestClock();
    expect(await isDoneWithin(1_000, Promise.resolve('something'), clock)).toBe(true);
    expect(clock.timers).toBe(0);
  });

  it('is false when patience is over', async () => {
    const clock = new TestClock();
    const done = isDoneWithin(1_000, new Promise(() => undefined), clock);
    await clock.advance(1_000);
    expect(await done).toBe(false);
  });

  it('throws what the work throws in time, and leaves no timer behind', async () => {
    const clock = new TestClock();
    await expect(isDoneWithin(1_000, Promise.reject(new Error('broken')), clock)).rejects.toThrow('broken');
    expect(clock.timers).toBe(0);
  });
});
