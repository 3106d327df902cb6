import { jsonPointer } from './json-pointer.js';

const BODY = { data: { 'a/b': [10, 20], 'm~n': 1, '': 2 }, none: null };

it.each([
  ['', BODY],
  ['/data/a~1b', [10, 20]],
  ['/data/a~1b/1', 20],
  ['/data/m~0n', 1],
  ['/data/', 2],
  ['/none/deeper', undefined],
  ['/data/a~1b/length2', undefined],
  ['/toString', undefined],
  ['/missing', undefined],
])('%j points at %j', (pointer, found) => expect(jsonPointer(pointer, 'Trigger "api"', 'items')(BODY)).toEqual(found));

it('refuses what is no pointer', () => {
  expect(() => jsonPointer('data.orders', 'Trigger "api"', 'items')).toThrow('JSON pointer such as "/data/orders"');
});
