import { TestClock } from '../../../testing/test-clock.js';
import { BodySlots, MAX_BODIES, MAX_WAITING, MAX_WAIT_MS } from './body-slots.js';

describe('the bodies in memory', () => {
  const full = async (clock = new TestClock()) => {
    const slots = new BodySlots(clock);
    const releases = await Promise.all(Array.from({ length: MAX_BODIES }, () => slots.take()));
    return { clock, slots, releases };
  };

  it('are so many at most; who waits gets the place that becomes free, in the order of arrival', async () => {
    const { slots, releases } = await full();
    const order: string[] = [];
    const first = slots.take().then(() => order.push('first'));
    const second = slots.take().then(() => order.push('second'));
    releases[0]?.();
    releases[0]?.();
    await first;
    expect(order).toEqual(['first']);
    releases[1]?.();
    await second;
    expect(order).toEqual(['first', 'second']);
  });

  it('are not waited for longer than two seconds', async () => {
    const { clock, slots, releases } = await full();
    const late = slots.take();
    await clock.advance(MAX_WAIT_MS);
    expect(await late).toBeNull();
    releases[0]?.();
    expect(await slots.take()).not.toBeNull();
  });

  it('are not waited for by any number of requests', async () => {
    const { slots } = await full();
    for (let waiting = 0; waiting < MAX_WAITING; waiting += 1) void slots.take();
    expect(await slots.take()).toBeNull();
  });
});
