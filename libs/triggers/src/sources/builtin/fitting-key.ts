import { hash } from 'node:crypto';

/** Shorter than the longest explicit dedup key: what is longer is hashed. */
const LONGEST = 1_000;

/** A dedup key out of a text of any length: the text itself, so that people can read it, or a hash of it. */
export function fittingKey(text: string): string {
  return text.length <= LONGEST ? text : hashedKey(text);
}

/** A dedup key for what is no text that people know. */
export function hashedKey(text: string): string {
  return `sha256:${hash('sha256', text)}`;
}
