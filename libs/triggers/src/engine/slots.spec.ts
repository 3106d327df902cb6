import { Slots } from './slots.js';

describe('Slots', () => {
  it('are granted up to the limit, and again when they were given back', () => {
    const slots = new Slots(3);
    expect([slots.take(2), slots.free, slots.taken]).toEqual([2, 1, 2]);
    expect([slots.take(2), slots.free, slots.taken]).toEqual([1, 0, 3]);
    expect([slots.take(1), slots.free, slots.taken]).toEqual([0, 0, 3]);
    slots.release();
    expect([slots.free, slots.taken]).toEqual([1, 2]);
    slots.release(2);
    expect([slots.take(9), slots.free, slots.taken]).toEqual([3, 0, 3]);
  });
});
