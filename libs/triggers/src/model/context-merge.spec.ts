import fc from 'fast-check';
import type { JsonObject } from './json.js';
import { mergeContexts } from './context-merge.js';

const json = fc.jsonValue({ maxDepth: 3 });
const context = fc.dictionary(
  fc.oneof(fc.constantFrom('a', 'b', '__proto__', 'constructor', 'toString'), fc.string()),
  json,
  { noNullPrototype: true },
) as fc.Arbitrary<JsonObject>;

describe('mergeContexts', () => {
  it.each<[string, JsonObject[], JsonObject]>([
    ['nothing', [], {}],
    ['different keys', [{ a: 1 }, { b: 2 }], { a: 1, b: 2 }],
    ['the same key: the later wins', [{ a: 1 }, { a: 2 }], { a: 2 }],
    ['objects: key by key', [{ a: { x: 1, z: 0 } }, { a: { y: 2, z: 9 } }], { a: { x: 1, y: 2, z: 9 } }],
    ['arrays: replaced', [{ a: [1, 2] }, { a: [3] }], { a: [3] }],
    ['null: replaces', [{ a: { x: 1 } }, { a: null }], { a: null }],
    ['a change of type: replaced', [{ a: 1 }, { a: { x: 1 } }], { a: { x: 1 } }],
  ])('merges %s', (_what, parts, expected) => {
    expect(mergeContexts(parts)).toEqual(expected);
  });

  it('gives an object like any other', () => {
    expect(Object.getPrototypeOf(mergeContexts([{ a: 1 }]))).toBe(Object.prototype);
  });

  it('treats __proto__ as a key like any other', () => {
    const evil = JSON.parse('{"__proto__":{"polluted":true},"a":{"__proto__":{"polluted":true}}}') as JsonObject;
    const merged = mergeContexts([{ a: {} }, evil, evil]);
    expect(Object.getOwnPropertyNames(merged)).toEqual(['a', '__proto__']);
    expect(JSON.stringify(merged)).toBe('{"a":{"__proto__":{"polluted":true}},"__proto__":{"polluted":true}}');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect((merged as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('leaves one part as it is', () => {
    fc.assert(fc.property(context, (part) => expect(mergeContexts([part])).toEqual(part)));
  });

  it('changes nothing when a part is laid over itself', () => {
    fc.assert(fc.property(context, (part) => expect(mergeContexts([part, part])).toEqual(part)));
  });

  it('may be done part after part', () => {
    fc.assert(
      fc.property(fc.array(context, { maxLength: 4 }), context, (parts, last) =>
        expect(mergeContexts([...parts, last])).toEqual(mergeContexts([mergeContexts(parts), last])),
      ),
    );
  });

  it('has the keys of all parts, and never changes a part', () => {
    fc.assert(
      fc.property(fc.array(context, { maxLength: 4 }), (parts) => {
        const before = JSON.stringify(parts);
        const keys = new Set(parts.flatMap((part) => Object.keys(part)));
        expect(new Set(Object.keys(mergeContexts(parts)))).toEqual(keys);
        expect(JSON.stringify(parts)).toBe(before);
      }),
    );
  });

  it('takes the later of two values that are no objects', () => {
    fc.assert(
      fc.property(
        context,
        context,
        fc.string(),
        fc.oneof(fc.integer(), fc.constant(null), fc.array(json)),
        (a, b, key, value) => {
          const last = JSON.parse(`{${JSON.stringify(key)}:${JSON.stringify(value)}}`) as JsonObject;
          expect(Object.getOwnPropertyDescriptor(mergeContexts([a, b, last]), key)?.value).toEqual(last[key]);
        },
      ),
    );
  });
});
