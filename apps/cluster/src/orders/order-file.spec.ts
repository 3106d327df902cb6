import { linesOf } from './order-file.js';
import { vectorOf } from './vector.js';

describe('an order', () => {
  it.each([
    ['CSV', 'order.csv', 'article,quantity,price\nanvil,2,3.50\n'],
    ['JSON', 'order.json', '[{"article":"anvil","quantity":2,"price":3.5}]'],
  ])('is read as %s', (_kind, name, text) => {
    expect(linesOf({ name, text })).toEqual([{ article: 'anvil', quantity: 2, price: 3.5 }]);
  });

  it.each([
    ['order.csv', 'article,quantity,price\nanvil,many,3\n', '"order.csv", line 1: quantity and price must be numbers'],
    ['order.json', '{}', '"order.json" holds no list of lines'],
    ['order.json', '[', /JSON/],
  ])('that is broken is refused with its reason (%s)', (name, text, message) => {
    expect(() => linesOf({ name, text })).toThrow(message);
  });
});

describe('a vector', () => {
  it('is of length 1, and the same for the same words in any order', () => {
    const vector = vectorOf(['anvil', 'drum', 'globe']);
    expect(Math.hypot(...vector)).toBeCloseTo(1);
    expect(vectorOf(['globe', 'anvil', 'drum'])).toEqual(vector);
  });

  it('of nothing is zero', () => {
    expect(new Set(vectorOf([]))).toEqual(new Set([0]));
  });
});
