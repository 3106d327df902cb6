import fc from 'fast-check';
import type { Json } from '../model/json.js';
import { anyJson } from '../model/json.contract.js';
import { runs } from '../testing/properties.contract.js';
import { MAX_DEDUP_KEY, canonicalJson, explicitKey, keyOfContext, keyOfPlace } from './dedup-key.js';

/** The same value with the keys of every object in another order, as `picks` says. */
function reordered(value: Json, picks: Iterator<number>): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map((item) => reordered(item, picks));
  if (typeof value !== 'object' || value === null) return value;
  const left = Object.entries(value as Record<string, Json>);
  const entries: [string, Json][] = [];
  while (left.length > 0) entries.push(...left.splice(Number(picks.next().value) % left.length, 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, reordered(item, picks)]));
}

/** What RFC 8785 calls the same value: order of keys and the sign of zero do not count, everything else does. */
function isSame(one: Json, other: Json): boolean {
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return one === other;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const [ones, others] = [one, other] as unknown as readonly Record<string, Json>[];
  const [keys, otherKeys] = [Object.keys(ones ?? {}), Object.keys(others ?? {})];
  return (
    keys.length === otherKeys.length &&
    keys.every((key) => Object.hasOwn(others ?? {}, key) && isSame(ones?.[key] as Json, others?.[key] as Json))
  );
}

/** A value, and one that was changed in one place: what a hash has to tell apart is mostly alike. */
const neighbours = fc
  .tuple(anyJson, anyJson, fc.infiniteStream(fc.nat()))
  .map(([value, other, picks]): [Json, Json] => [value, withOneChange(value, other, picks)]);

function withOneChange(value: Json, other: Json, picks: Iterator<number>): Json {
  const pick = Number(picks.next().value);
  if (typeof value !== 'object' || value === null || pick % 4 === 0) return other;
  const entries = Object.entries(value as Record<string, Json>);
  if (entries.length === 0) return other;
  const at = pick % entries.length;
  const changed = entries.map(([key, item], index): [string, Json] => [
    key,
    index === at ? withOneChange(item, other, picks) : item,
  ]);
  return Array.isArray(value) ? changed.map(([, item]) => item) : Object.fromEntries(changed);
}

describe('canonicalJson', () => {
  // The vectors of RFC 8785: sections 3.2.2, 3.2.3 and appendix B.
  it('writes the sample of section 3.2.2 and 3.2.3', () => {
    const sample = JSON.parse(
      '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],' +
        '"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}',
    ) as Json;
    expect(canonicalJson(sample)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  it('sorts keys by their UTF-16 code units, as section 3.2.3 shows', () => {
    const keys = {
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '\ud83d\ude00': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      '\u00f6': 'Latin Small Letter O With Diaeresis',
    };
    expect(
      Object.values(
        JSON.parse(
          `[${canonicalJson(keys)
            .slice(1, -1)
            .replace(/"(?:[^"\\]|\\.)*":/g, '')}]`,
        ) as string[],
      ),
    ).toEqual([
      'Carriage Return',
      'One',
      'Control',
      'Latin Small Letter O With Diaeresis',
      'Euro Sign',
      'Emoji: Grinning Face',
      'Hebrew Letter Dalet With Dagesh',
    ]);
  });

  it.each([
    ['0', '0'],
    ['-0', '0'],
    ['5e-324', '5e-324'],
    ['-5e-324', '-5e-324'],
    ['1.7976931348623157e+308', '1.7976931348623157e+308'],
    ['9007199254740992', '9007199254740992'],
    ['295147905179352825856', '295147905179352830000'],
    ['9.999999999999997e22', '9.999999999999997e+22'],
    ['1e23', '1e+23'],
    ['1.0000000000000001e23', '1.0000000000000001e+23'],
    ['999999999999999700000', '999999999999999700000'],
    ['1e21', '1e+21'],
    ['9.999999999999997e-7', '9.999999999999997e-7'],
    ['0.000001', '0.000001'],
    ['333333333.3333332', '333333333.3333332'],
    ['-0.0000033333333333333333', '-0.0000033333333333333333'],
    ['1424953923781206.25', '1424953923781206.2'],
  ])('writes the number %s as appendix B does', (number, text) => {
    expect(canonicalJson(Number(number))).toBe(text);
  });

  it('writes what reads back as the same value', () => {
    fc.assert(
      fc.property(anyJson, (value) =>
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value))),
      ),
      runs(200),
    );
  });
});

describe('keyOfContext', () => {
  // Cloacina T-1
  it('is the same whatever the order of the keys', () => {
    expect(keyOfContext({ b: { y: 1, x: [{ q: 1, p: 2 }] }, a: 2 })).toEqual(
      keyOfContext({ a: 2, b: { x: [{ p: 2, q: 1 }], y: 1 } }),
    );
    fc.assert(
      fc.property(anyJson, fc.infiniteStream(fc.nat()), (value, picks) => {
        expect(keyOfContext(reordered(value, picks))).toEqual(keyOfContext(value));
        expect(keyOfContext(JSON.parse(JSON.stringify(value)) as Json)).toEqual(keyOfContext(value));
      }),
      runs(300),
    );
  });

  // Cloacina case 2
  it('differs exactly where the contexts differ', () => {
    fc.assert(
      fc.property(neighbours, ([one, other]) => {
        expect(keyOfContext(one).bytes.equals(keyOfContext(other).bytes)).toBe(isSame(one, other));
      }),
      runs(1_000),
    );
  });

  it('takes a text that was cut in the middle of an emoji', () => {
    const cut = (text: string): Buffer => keyOfContext({ text: text.slice(0, 2) }).bytes;
    expect(cut('a\u{1f600}')).toEqual(cut('a\u{1f601}'));
    expect(cut('a\u{1f600}').equals(cut('a\u{2f800}'))).toBe(false);
    expect(cut('a\u{1f600}').equals(keyOfContext({ text: 'a\\ud83d' }).bytes)).toBe(false);
  });

  it('has 16 bytes and says where it comes from', () => {
    const { bytes, label } = keyOfContext({ a: 1 });
    expect(bytes).toHaveLength(16);
    expect(label).toMatch(/^sha256:[0-9a-f]{32}$/);
  });
});

describe('explicitKey', () => {
  it('differs exactly where the keys differ', () => {
    const key = fc.oneof(
      fc.constantFrom('\ud800', '\udfff', '\ufffd'),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 3 }),
    );
    fc.assert(
      fc.property(key, key, (one, other) => {
        expect(explicitKey(one, 'x').bytes.equals(explicitKey(other, 'x').bytes)).toBe(one === other);
      }),
      runs(300),
    );
  });

  it('keeps the key for people, without control characters', () => {
    expect(explicitKey('order:\u00077', 'x').label).toBe('order:7');
    expect(explicitKey('order:\u00077', 'x').bytes.equals(explicitKey('order:7', 'x').bytes)).toBe(false);
  });

  it('never meets the hash of a context', () => {
    expect(explicitKey('{"a":1}', 'x').bytes.equals(keyOfContext({ a: 1 }).bytes)).toBe(false);
    expect(explicitKey(keyOfContext({ a: 1 }).label, 'x').bytes.equals(keyOfContext({ a: 1 }).bytes)).toBe(false);
  });

  it('takes up to 1,024 characters', () => {
    expect(explicitKey('x'.repeat(MAX_DEDUP_KEY), 'x').bytes).toHaveLength(16);
  });

  it.each([
    ['', 'has 0 characters'],
    ['x'.repeat(MAX_DEDUP_KEY + 1), 'has 1025 characters'],
    [5, 'is a number'],
    [null, 'is null'],
    [{}, 'is a object'],
  ])('refuses %p and names whose it is', (key, problem) => {
    expect(() => explicitKey(key, 'Trigger "inbox"')).toThrow(
      expect.objectContaining({
        code: 'TRG_DEDUP_KEY',
        message: expect.stringContaining(`Trigger "inbox": the dedup key ${problem}`),
      }),
    );
  });
});

describe('keyOfPlace', () => {
  it('tells the items of one event apart by their places', () => {
    expect([0, 1].map((at) => keyOfPlace('evt_1', at))).toEqual(['evt_1#0', 'evt_1#1']);
  });
});
