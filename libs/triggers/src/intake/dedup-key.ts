import { hash } from 'node:crypto';
import { TriggersError } from '../model/errors.js';
import type { Json, JsonObject } from '../model/json.js';
import { cleanText } from '../model/text.js';

/** The longest explicit dedup key, in characters. */
export const MAX_DEDUP_KEY = 1_024;

/** A dedup key: what is stored, and what people see. */
export interface DedupKey {
  /** The first 16 bytes of SHA-256. */
  readonly bytes: Buffer;
  readonly label: string;
}

/**
 * The canonical JSON text of a value (RFC 8785): equal values with their keys in another order have one text. Texts and
 * numbers are written as ECMAScript writes them, which is what the RFC asks for; half of a surrogate pair, which it leaves
 * out, is written as its escape: a text that was cut in the middle of an emoji must not fail a fire.
 */
export function canonicalJson(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(canonicalJson).join(',')}]`;
  const object = value as JsonObject;
  const members = Object.keys(object)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(object[key] as Json)}`);
  return `{${members.join(',')}}`;
}

/** The key of a context: a hash of its canonical JSON. */
export function keyOfContext(context: Json): DedupKey {
  const bytes = sha256(`context:${canonicalJson(context)}`).subarray(0, 16);
  return { bytes, label: `sha256:${bytes.toString('hex')}` };
}

/**
 * The key that a program or a sender chose.
 *
 * @param whose what it belongs to, for the message: `Trigger "inbox"`
 * @throws TRG_DEDUP_KEY when it is no text, empty, or longer than 1,024 characters
 */
export function explicitKey(key: unknown, whose: string): DedupKey {
  if (typeof key !== 'string' || key === '' || key.length > MAX_DEDUP_KEY) {
    const shown =
      typeof key === 'string' ? `has ${key.length} characters` : `is ${key === null ? 'null' : `a ${typeof key}`}`;
    throw new TriggersError(
      'TRG_DEDUP_KEY',
      `${whose}: the dedup key ${shown}. Use a text of 1 to ${MAX_DEDUP_KEY} characters.`,
    );
  }
  return { bytes: sha256(`key:${JSON.stringify(key)}`).subarray(0, 16), label: cleanText(key) };
}

/** The key of one of several items of an event that have no keys of their own: that of the event and its place, from 0. */
export function keyOfPlace(key: string, at: number): string {
  return `${key}#${at}`;
}

function sha256(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}
