import fc from 'fast-check';
import { runs } from '../testing/properties.contract.js';
import { Heap } from './heap.js';

interface Item {
  readonly key: number;
  readonly order: number;
}

describe('Heap', () => {
  it('is empty at first', () => {
    const heap = new Heap<number>();
    expect([heap.size, heap.topKey, heap.peek(), heap.pop()]).toEqual([0, Infinity, undefined, undefined]);
  });

  it('gives its items in the order of their keys, then of their coming, however the operations are mixed', () => {
    const key = fc.integer({ min: -9, max: 9 });
    // Mostly pushes, and many operations, so that the heap has some levels.
    const operation = fc.oneof(
      { arbitrary: fc.record({ push: key }), weight: 4 },
      { arbitrary: fc.record({ without: key }), weight: 1 },
      { arbitrary: fc.constant('pop' as const), weight: 1 },
    );
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 80, size: 'max' }), (all) => {
        const heap = new Heap<Item>();
        let list: Item[] = [];
        const add = (item: Item): Item => {
          list.push(item);
          list.sort((a, b) => a.key - b.key || a.order - b.order);
          return item;
        };
        for (const [order, operation] of all.entries()) {
          if (operation === 'pop') expect(heap.pop()).toBe(list.shift());
          else if ('push' in operation) heap.push(operation.push, add({ key: operation.push, order }));
          else {
            const stays = (item: Item): boolean => item.key !== operation.without;
            heap.retain(stays);
            list = list.filter(stays);
          }
          expect([heap.size, heap.topKey, heap.peek()]).toEqual([list.length, list[0]?.key ?? Infinity, list[0]]);
        }
      }),
      runs(100),
    );
  });
});
