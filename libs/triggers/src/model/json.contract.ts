import fc from 'fast-check';
import type { Json, JsonObject } from './json.js';

/** Names that mean something to JavaScript, few enough to meet again, and any others. */
const keys = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('a', 'b', '1', '10', '__proto__', 'constructor', 'toString', 'toJSON') },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 6 }) },
);

const numbers = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, 5e-324, Number.MAX_VALUE, 1e21, 1e-7, 0.1 + 0.2),
);

const texts = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 8 }),
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.constantFrom('', 'é', 'e\u0301', '\ud800', '\u2028', '"', '\\', '1', 'null'),
);

const tree = fc.letrec<{ value: Json; object: JsonObject }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.oneof(texts, numbers, fc.boolean(), fc.constant(null)),
    fc.array(tie('value'), { maxLength: 4 }),
    tie('object'),
  ),
  object: fc
    .uniqueArray(fc.tuple(keys, tie('value')), { maxLength: 5, selector: ([key]) => key })
    .map((entries): JsonObject => Object.fromEntries(entries)),
}));

/** Any JSON: nested, with every kind of number and text, and with keys that mean something to JavaScript. */
export const anyJson: fc.Arbitrary<Json> = tree.value;

/** Any JSON object; see {@link anyJson}. */
export const anyContext: fc.Arbitrary<JsonObject> = tree.object;
