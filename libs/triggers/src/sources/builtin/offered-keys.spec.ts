import { OfferedKeys } from './offered-keys.js';

it('knows what was committed, and not what was only offered', () => {
  const keys = new OfferedKeys();
  const lost = keys.offer(['a']);
  const kept = keys.offer(['b']);
  keys.settle(lost);
  expect([keys.has('a'), keys.has('b')]).toEqual([false, false]);
  keys.settle(kept);
  expect([keys.has('a'), keys.has('b')]).toEqual([false, true]);
  keys.settle(undefined);
  expect(keys.has('b')).toBe(true);
});

it('forgets what was not seen for long, and keeps what is seen', () => {
  const keys = new OfferedKeys();
  const settle = (from: number, to: number): void =>
    keys.settle(keys.offer(Array.from({ length: to - from }, (_, at) => `key ${from + at}`)));
  settle(0, 2);
  settle(2, 250_000);
  expect([keys.has('key 0'), keys.has('key 249999')]).toEqual([true, true]);
  settle(250_000, 499_998);
  expect([keys.has('key 0'), keys.has('key 1'), keys.has('key 499997')]).toEqual([true, false, true]);
});
