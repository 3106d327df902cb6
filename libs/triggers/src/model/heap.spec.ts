import fc from 'fast-check';
import { Heap } from './heap.js';

describe('Heap', () => {
  it('is empty at first', () => {
    const heap = new Heap<number>((a, b) => a < b);
    expect([heap.size, heap.peek(), heap.pop()]).toEqual([0, undefined, undefined]);
  });

  it('gives its items in the order of a sorted list, however pushes and pops are mixed', () => {
    const operations = fc.array(
      fc.oneof(fc.record({ push: fc.integer({ min: -9, max: 9 }) }), fc.constant('pop' as const)),
      { maxLength: 200 },
    );
    fc.assert(
      fc.property(operations, (all) => {
        const heap = new Heap<number>((a, b) => a < b);
        const list: number[] = [];
        for (const operation of all) {
          if (operation === 'pop') expect(heap.pop()).toBe(list.shift());
          else {
            heap.push(operation.push);
            list.push(operation.push);
            list.sort((a, b) => a - b);
          }
          expect([heap.size, heap.peek()]).toEqual([list.length, list[0]]);
        }
      }),
    );
  });
});
