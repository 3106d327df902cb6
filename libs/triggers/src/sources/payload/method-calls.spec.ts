import { TestClock } from '../../testing/test-clock.js';
import { MAX_STALLED, MethodCalls } from './method-calls.js';

const TIMEOUT_MS = 10_000;
const MAX_CALLS = 48;
const trigger = (): { readonly timeoutMs: number } => ({ timeoutMs: TIMEOUT_MS });

describe('calls of methods of triggers', () => {
  const clock = new TestClock();
  const ends: (() => void)[] = [];
  const hang = (): Promise<void> => new Promise((resolve) => ends.push(resolve));
  const done = (): Promise<void> => Promise.resolve();

  afterEach(() => {
    for (const end of ends.splice(0)) end();
  });

  it('are waited for up to a number, trigger by trigger; a place is free when a call ends or throws', async () => {
    const calls = new MethodCalls(clock, MAX_CALLS);
    const [one, other] = [trigger(), trigger()];
    const held = Array.from({ length: MAX_CALLS }, () => calls.run(one, hang));
    expect(await calls.run(one, done)).toBe('full');
    expect(await calls.run(other, done)).toBe('done');

    ends.shift()?.();
    expect(await held[0]).toBe('done');
    await expect(calls.run(one, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await calls.run(one, done)).toBe('done');
  });

  it('that are given up give their places back, until too many of them still go on', async () => {
    const calls = new MethodCalls(clock, MAX_CALLS);
    const one = trigger();
    const callsOnce = async (count: number): Promise<unknown> => {
      const held = Array.from({ length: count }, () => calls.run(one, hang));
      await clock.advance(TIMEOUT_MS);
      return new Set(await Promise.all(held));
    };
    for (let left = MAX_STALLED; left > 0; left -= MAX_CALLS)
      expect(await callsOnce(Math.min(left, MAX_CALLS))).toEqual(new Set(['late']));
    expect(await calls.run(one, done)).toBe('full');
    ends.shift()?.();
    await clock.settle();
    expect(await calls.run(one, done)).toBe('done');
  });
});
