import { TestClock } from '../../../testing/test-clock.js';
import { BodySlots, MAX_BODIES, MAX_WAITING, MAX_WAIT_MS, PATIENCE_MS } from './body-slots.js';

describe('the bodies in memory', () => {
  const full = async (clock = new TestClock()) => {
    const slots = new BodySlots(clock);
    const taken = await Promise.all(Array.from({ length: MAX_BODIES }, () => slots.take()));
    return { clock, slots, taken };
  };

  it('are so many at most; who waits gets the place that becomes free, in the order of arrival', async () => {
    const { slots, taken } = await full();
    const order: string[] = [];
    const first = slots.take().then(() => order.push('first'));
    const second = slots.take().then(() => order.push('second'));
    taken[0]?.release();
    taken[0]?.release();
    await first;
    expect(order).toEqual(['first']);
    taken[1]?.release();
    await second;
    expect(order).toEqual(['first', 'second']);
  });

  it('are not waited for longer than two seconds', async () => {
    const { clock, slots, taken } = await full();
    const late = slots.take();
    await clock.advance(MAX_WAIT_MS);
    expect(await late).toBeNull();
    taken[0]?.release();
    expect(await slots.take()).not.toBeNull();
  });

  it('are not waited for by any number of requests', async () => {
    const { slots } = await full();
    for (let waiting = 0; waiting < MAX_WAITING; waiting += 1) void slots.take();
    expect(await slots.take()).toBeNull();
  });

  it('that come slowly give way to those that wait, the oldest first, after a second', async () => {
    const { clock, slots, taken } = await full();
    const gaveWay: number[] = [];
    for (const at of [1, 0]) taken[at]?.uploading(() => void gaveWay.push(at));
    taken[2]?.uploading(() => void gaveWay.push(2));
    taken[2]?.uploaded();
    await clock.advance(PATIENCE_MS - 1);
    const next = slots.take();
    expect(gaveWay).toEqual([]);
    await clock.advance(1);
    expect(gaveWay).toEqual([1]);
    taken[1]?.release();
    expect(await next).not.toBeNull();
    void slots.take();
    expect(gaveWay).toEqual([1, 0]);
  });

  it.each([0, 1])('of slow senders give way, though %s others had gone while they waited', async (gone) => {
    const clock = new TestClock();
    const slots = new BodySlots(clock);
    for (let sender = 0; sender < gone; sender += 1) {
      const slot = await slots.take();
      slot?.release();
      slot?.uploading(() => undefined);
    }
    for (let sender = 0; sender < MAX_BODIES; sender += 1) {
      const slot = await slots.take();
      slot?.uploading(() => slot.release());
    }
    const late = slots.take();
    await clock.advance(PATIENCE_MS);
    expect(await late).not.toBeNull();
  });

  it('keep their places until what became of them has ended, also when the sender has gone', async () => {
    const { clock, slots, taken } = await full();
    let end = (): void => undefined;
    taken[0]?.keepUntil(new Promise<void>((resolve) => (end = resolve)));
    taken[0]?.release();
    const late = slots.take();
    await clock.advance(MAX_WAIT_MS);
    expect(await late).toBeNull();
    const next = slots.take();
    end();
    expect(await next).not.toBeNull();
    taken[1]?.keepUntil(Promise.reject(new Error('failed')));
    await clock.settle();
    const other = slots.take();
    taken[1]?.release();
    expect(await other).not.toBeNull();
  });

  it('give way once for each that waits', async () => {
    const { clock, slots, taken } = await full();
    const gaveWay: number[] = [];
    taken.forEach((slot, at) => slot?.uploading(() => void gaveWay.push(at)));
    await clock.advance(PATIENCE_MS);
    for (let waiting = 0; waiting < 3; waiting += 1) void slots.take();
    expect(gaveWay).toEqual([0, 1, 2]);
    taken[0]?.release();
    void slots.take();
    expect(gaveWay).toEqual([0, 1, 2, 3]);
  });
});
