import { isPlainObject } from './json.js';
import type { Json, JsonObject } from './json.js';

type Building = Record<string, Json>;

/**
 * Lays contexts over each other, in order: where two have a key, the later wins; two plain objects are merged key by
 * key, everything else (arrays, `null`, a change of type) is replaced.
 *
 * The parts stay as they are. Values that were not merged are shared with them, not copied. `__proto__` is a key like
 * any other: nothing reaches a prototype.
 *
 * @example mergeContexts([{ file: { name: 'a' }, tags: [1] }, { file: { size: 3 }, tags: [2] }])
 * // { file: { name: 'a', size: 3 }, tags: [2] }
 */
export function mergeContexts(parts: readonly JsonObject[]): JsonObject {
  const merged: Building = {};
  for (const part of parts) lay(merged, part);
  return merged;
}

function lay(base: Building, over: JsonObject): void {
  for (const key of Object.keys(over)) {
    const next = over[key] as Json;
    const before = Object.hasOwn(base, key) ? base[key] : undefined;
    put(base, key, isPlainObject(before) && isPlainObject(next) ? mergeContexts([before, next]) : next);
  }
}

function put(base: Building, key: string, value: Json): void {
  if (key === '__proto__') {
    Object.defineProperty(base, key, { value, enumerable: true, configurable: true, writable: true });
  } else {
    base[key] = value;
  }
}
