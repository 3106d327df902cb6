import { ItemPage } from './item-page.js';

const MIB = 1_048_576;

it('takes as many items as a poll may return', () => {
  const page = new ItemPage();
  const taken = Array.from({ length: 1_001 }, () => page.add({ context: {} }));
  expect([taken.filter(Boolean).length, taken.at(-1), page.items.length]).toEqual([1_000, false, 1_000]);
});

it('takes as many bytes as a poll may return, and one item whatever its size', () => {
  const page = new ItemPage();
  const large = { context: { text: 'ä'.repeat(MIB) } };
  expect([1, 2, 3, 4].map(() => page.add(large))).toEqual([true, true, true, false]);
  expect(new ItemPage().add({ context: { text: 'x'.repeat(9 * MIB) } })).toBe(true);
});

it('takes what JSON cannot carry: it is judged where all contexts are', () => {
  const page = new ItemPage<object>();
  const circle: { self?: object } = {};
  circle.self = circle;
  expect([page.add({ context: circle }), page.add({ context: { big: 1n } }), page.add({})]).toEqual([true, true, true]);
});
