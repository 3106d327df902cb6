import fc from 'fast-check';
import { runs } from '../testing/properties.contract.js';
import { mergeContexts } from './context-merge.js';
import type { Json, JsonObject } from './json.js';
import { anyContext as context, anyJson } from './json.contract.js';

/** What a merge means, said again: paths of leaves, of which the last one written stands with everything below it gone. */
function naive(parts: readonly JsonObject[]): Json {
  type Tree = Map<string, Tree | { readonly leaf: Json }>;
  const root: Tree = new Map();
  const lay = (tree: Tree, part: object): void => {
    for (const [key, value] of Object.entries(part) as [string, Json][]) {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        tree.set(key, { leaf: value });
        continue;
      }
      const before = tree.get(key);
      const below: Tree = before instanceof Map ? before : new Map();
      tree.set(key, below);
      lay(below, value);
    }
  };
  for (const part of parts) lay(root, part);
  const built = (tree: Tree): Json =>
    Object.fromEntries([...tree].map(([key, item]) => [key, item instanceof Map ? built(item) : item.leaf]));
  return built(root);
}

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(frozen);
  return value;
}

/** Contexts in which a key is either always an object or never. */
const shaped = fc.letrec<{ object: JsonObject }>((tie) => ({
  object: fc
    .record(
      {
        o: fc.oneof({ maxDepth: 3, depthSize: 'small' }, fc.constant({}), tie('object')),
        __proto__: fc.oneof({ maxDepth: 3, depthSize: 'small' }, fc.constant({}), tie('object')),
        leaf: fc.integer(),
        list: fc.array(anyJson, { maxLength: 2 }),
      },
      { requiredKeys: [] },
    )
    .map((object) => object as JsonObject),
})).object;

describe('mergeContexts', () => {
  // Cloacina case 84, Cloacina case 85
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
    const { value: _value, ...like } = Object.getOwnPropertyDescriptor(merged, '__proto__') ?? {};
    expect(like).toEqual({ configurable: true, enumerable: true, writable: true });
    expect(JSON.stringify(merged)).toBe('{"a":{"__proto__":{"polluted":true}},"__proto__":{"polluted":true}}');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect((merged as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('leaves one part as it is', () => {
    fc.assert(
      fc.property(context, (part) => expect(mergeContexts([part])).toEqual(part)),
      runs(100),
    );
  });

  it('changes nothing when a part is laid over itself', () => {
    fc.assert(
      fc.property(context, (part) => expect(mergeContexts([part, part])).toEqual(part)),
      runs(100),
    );
  });

  it('gives what the leaves say that were written last', () => {
    fc.assert(
      fc.property(fc.array(context, { maxLength: 4 }), (parts) => {
        expect(JSON.stringify(sorted(mergeContexts(parts)))).toBe(JSON.stringify(sorted(naive(parts))));
      }),
      runs(300),
    );
  });

  it('may be done part after part', () => {
    fc.assert(
      fc.property(fc.array(context, { maxLength: 4 }), context, (parts, last) =>
        expect(mergeContexts([...parts, last])).toEqual(mergeContexts([mergeContexts(parts), last])),
      ),
      runs(200),
    );
  });

  it('may be done in any grouping where no key turns from an object into something else', () => {
    fc.assert(
      fc.property(shaped, shaped, shaped, (a, b, c) =>
        expect(mergeContexts([a, mergeContexts([b, c])])).toEqual(mergeContexts([mergeContexts([a, b]), c])),
      ),
      runs(200),
    );
  });

  it('has the keys of all parts, and changes neither a part nor a prototype', () => {
    const untouched = Object.getOwnPropertyNames(Object.prototype);
    fc.assert(
      fc.property(fc.array(context, { maxLength: 4 }), (parts) => {
        const before = JSON.stringify(parts);
        const keys = new Set(parts.flatMap((part) => Object.keys(part)));
        const merged = mergeContexts(frozen(parts));
        expect(new Set(Object.keys(merged))).toEqual(keys);
        expect(JSON.stringify(parts)).toBe(before);
        expect(Object.getPrototypeOf(merged)).toBe(Object.prototype);
        expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(untouched);
      }),
      runs(200),
    );
  });
});

/** With the keys of every object in one order, so that two texts can be compared; `__proto__` is one of the keys. */
function sorted(value: Json): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
}
