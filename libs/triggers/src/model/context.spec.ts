import fc from 'fast-check';
import { runs } from '../testing/properties.contract.js';
import { MAX_CONTEXT_BYTES, MAX_CONTEXT_DEPTH, contextToJson } from './context.js';

class Order {
  constructor(readonly id: number) {}
}

const rules = { what: 'Context of trigger "inbox"' };
const nested = (levels: number): object => (levels === 1 ? {} : { n: nested(levels - 1) });
const own = (key: string, value: unknown): object =>
  JSON.parse(`{${JSON.stringify(key)}:${JSON.stringify(value)}}`) as object;
const cyclic: Record<string, unknown> = {};
cyclic['self'] = cyclic;

describe('contextToJson', () => {
  it.each<[string, unknown, string]>([
    ['nothing', undefined, '{}'],
    ['an empty object', {}, '{}'],
    [
      'everything JSON carries',
      { s: 'x', n: -1.5, b: true, z: null, a: [1, ['x']], o: { k: 1 } },
      '{"s":"x","n":-1.5,"b":true,"z":null,"a":[1,["x"]],"o":{"k":1}}',
    ],
    ['a Date as its ISO text', { at: new Date(0) }, '{"at":"1970-01-01T00:00:00.000Z"}'],
    ['no property that is undefined', { a: undefined, b: 1 }, '{"b":1}'],
    ['an object without a prototype', Object.assign(Object.create(null) as object, { a: 1 }), '{"a":1}'],
    ['a "$" below the top level', { a: { $ref: 1 } }, '{"a":{"$ref":1}}'],
    [
      'the largest integers',
      { a: Number.MAX_SAFE_INTEGER, b: Number.MIN_SAFE_INTEGER },
      '{"a":9007199254740991,"b":-9007199254740991}',
    ],
    ['64 levels', nested(MAX_CONTEXT_DEPTH), JSON.stringify(nested(MAX_CONTEXT_DEPTH))],
  ])('takes %s', (_what, value, json) => {
    expect(contextToJson(value, rules)).toBe(json);
  });

  // Cloacina T-14
  it.each<[string, unknown, string, string]>([
    ['null', null, 'TRG_CONTEXT_NOT_JSON', ''],
    ['an array', [1], 'TRG_CONTEXT_NOT_JSON', ''],
    ['a text', 'x', 'TRG_CONTEXT_NOT_JSON', ''],
    ['a class instance', new Order(1), 'TRG_CONTEXT_NOT_JSON', ''],
    ['a Date', new Date(), 'TRG_CONTEXT_NOT_JSON', ''],
    ['NaN', { a: { b: [0, Number.NaN] } }, 'TRG_CONTEXT_NOT_JSON', 'a.b[1]'],
    ['Infinity', { a: -Infinity }, 'TRG_CONTEXT_NOT_JSON', 'a'],
    ['a BigInt', { a: 1n }, 'TRG_CONTEXT_BIG_NUMBER', 'a'],
    ['a function', { a: [{ f: () => 1 }] }, 'TRG_CONTEXT_NOT_JSON', 'a[0].f'],
    ['a symbol', { a: Symbol('x') }, 'TRG_CONTEXT_NOT_JSON', 'a'],
    ['undefined in an array', { a: [1, undefined] }, 'TRG_CONTEXT_NOT_JSON', 'a[1]'],
    ['a hole in an array', { a: new Array(2) }, 'TRG_CONTEXT_NOT_JSON', 'a[0]'],
    ['a symbol as key', { a: { [Symbol('k')]: 1 } }, 'TRG_CONTEXT_NOT_JSON', 'a'],
    ['a Map', { a: new Map() }, 'TRG_CONTEXT_NOT_JSON', 'a'],
    ['a nested instance', { a: new Order(1) }, 'TRG_CONTEXT_NOT_JSON', 'a'],
    ['a method toJSON', { a: { toJSON: () => 1 } }, 'TRG_CONTEXT_NOT_JSON', 'a'],
    ['an invalid Date', { a: new Date('x') }, 'TRG_CONTEXT_NOT_JSON', 'a'],
    ['a NUL', { a: 'x\u0000y' }, 'TRG_CONTEXT_NOT_JSON', 'a'],
    ['a NUL in a key', { a: { 'x\u0000': 1 } }, 'TRG_CONTEXT_NOT_JSON', 'a.x\u0000'],
    ['__proto__', own('__proto__', { polluted: true }), 'TRG_CONTEXT_RESERVED_KEY', '__proto__'],
    ['constructor below', { a: [own('constructor', 1)] }, 'TRG_CONTEXT_RESERVED_KEY', 'a[0].constructor'],
    ['prototype', { prototype: 1 }, 'TRG_CONTEXT_RESERVED_KEY', 'prototype'],
    ['a top-level "$"', { $schema: 1 }, 'TRG_CONTEXT_RESERVED_KEY', '$schema'],
    ['an integer that would be rounded', { a: [2 ** 53] }, 'TRG_CONTEXT_BIG_NUMBER', 'a[0]'],
    ['its negative', { a: -(2 ** 53) }, 'TRG_CONTEXT_BIG_NUMBER', 'a'],
    ['65 levels', nested(MAX_CONTEXT_DEPTH + 1), 'TRG_CONTEXT_TOO_DEEP', expect.stringMatching(/^n\.n\./) as never],
    ['a circle', cyclic, 'TRG_CONTEXT_TOO_DEEP', expect.stringMatching(/^self\./) as never],
  ])('refuses %s', (_what, value, code, path) => {
    expect(() => contextToJson(value, rules)).toThrow(
      expect.objectContaining({
        code,
        details: { path },
        message: expect.stringContaining('Context of trigger "inbox"'),
      }),
    );
  });

  it('refuses 400,000 levels without a stack overflow', () => {
    const deep = JSON.parse(`{"a":${'['.repeat(400_000)}${']'.repeat(400_000)}}`) as object;
    expect(() => contextToJson(deep, rules)).toThrow(expect.objectContaining({ code: 'TRG_CONTEXT_TOO_DEEP' }));
  });

  it('takes 1 MiB to the byte, counted in UTF-8, and not one more', () => {
    const filled = (bytes: number): object => ({ a: `ä${'x'.repeat(bytes - 10)}` });
    expect(Buffer.byteLength(contextToJson(filled(MAX_CONTEXT_BYTES), rules))).toBe(MAX_CONTEXT_BYTES);
    expect(() => contextToJson(filled(MAX_CONTEXT_BYTES + 1), rules)).toThrow(
      expect.objectContaining({ code: 'TRG_CONTEXT_TOO_LARGE', details: { path: '' } }),
    );
  });

  it('takes as much as the rules say where they do', () => {
    expect(contextToJson({ a: 1 }, { ...rules, maxBytes: 7 })).toBe('{"a":1}');
    expect(() => contextToJson({ a: 12 }, { ...rules, maxBytes: 7 })).toThrow('has 8 bytes; at most 7 are taken.');
  });

  it.each<[unknown, string]>([
    [null, 'Context of trigger "inbox" is null;'],
    [[1], 'Context of trigger "inbox" is an array;'],
    ['x', 'Context of trigger "inbox" is a string;'],
    [new Order(1), 'Context of trigger "inbox" is an instance of Order;'],
    [Object.create(Object.create(null) as object), 'Context of trigger "inbox" is an instance of an unknown class;'],
    [{ a: [undefined] }, 'Context of trigger "inbox": "a[0]" is undefined,'],
    [{ a: { f: () => 1 } }, 'Context of trigger "inbox": "a.f" is a function,'],
  ])('says what %p is and where it stands', (value, message) => {
    expect(() => contextToJson(value, rules)).toThrow(message);
  });

  it('shows the first 80 characters of a path that is too deep', () => {
    expect(() => contextToJson(nested(MAX_CONTEXT_DEPTH + 1), rules)).toThrow(
      expect.objectContaining({ details: { path: `${'n.'.repeat(38)}n...` } }),
    );
  });

  it('turns bigints into text where the rules do, and refuses a rounded number all the same', () => {
    const lenient = { ...rules, bigNumbers: 'string' } as const;
    expect(contextToJson({ a: [2n ** 60n], b: 'x', c: 1 }, lenient)).toBe(
      '{"a":["1152921504606846976"],"b":"x","c":1}',
    );
    expect(() => contextToJson({ a: 2 ** 53 }, lenient)).toThrow(
      expect.objectContaining({ code: 'TRG_CONTEXT_BIG_NUMBER', details: { path: 'a' } }),
    );
  });

  it('counts instances of the declared input as plain objects, at every level', () => {
    expect(contextToJson(new Order(1), { ...rules, instancesOf: Order })).toBe('{"id":1}');
    expect(contextToJson({ list: [new Order(2)] }, { ...rules, instancesOf: Order })).toBe('{"list":[{"id":2}]}');
  });

  it('allows top-level "$" keys where the rules do', () => {
    expect(contextToJson({ $a: 1 }, { ...rules, dollarKeys: true })).toBe('{"$a":1}');
  });

  it('accepts what survives JSON: once through is the same as twice', () => {
    const anything = fc.object({
      maxDepth: 4,
      withDate: true,
      withBigInt: true,
      withMap: true,
      withSparseArray: true,
      withNullPrototype: true,
    });
    let accepted = 0;
    fc.assert(
      fc.property(fc.oneof(anything, fc.dictionary(fc.string(), fc.jsonValue())), (value) => {
        let text: string;
        try {
          text = contextToJson(value, rules);
        } catch (error) {
          expect((error as { code: string }).code).toMatch(/^TRG_CONTEXT_/);
          return;
        }
        accepted += 1;
        const parsed: unknown = JSON.parse(text);
        expect(parsed).toEqual(JSON.parse(JSON.stringify(value)));
        expect(contextToJson(parsed, rules)).toBe(text);
      }),
      runs(500),
    );
    expect(accepted).toBeGreaterThan(50);
  });
});
