import { MAX_CONTEXT_DEPTH } from '../../model/context.js';
import type { Json } from '../../model/json.js';
import { errorMessage } from '../../model/text.js';

/** Strings, so that digits in them are left alone, and numbers. */
const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** How the body of an event is read. */
export interface JsonRules {
  /** `'string'`: integers that JSON readers would round become text; `null`: they are refused. */
  readonly bigNumbers: 'string' | null;
  /** Makes the error that says what is wrong with the body. */
  readonly refuse: (problem: string) => Error;
}

/** JSON text as a value: at most 64 levels, integers as the rules want them. @throws what `refuse` makes */
export function readJson(text: string, rules: JsonRules): Json {
  const parsed = parse(text, rules);
  if (rules.bigNumbers !== 'string') return checkJson(parsed, rules);
  const exact = text.replace(TOKENS, (token) => (isRounded(token) ? `"${token}"` : token));
  return checkJson(parse(exact, rules), rules);
}

/** A value that was JSON, checked as {@link readJson} does. @throws what `refuse` makes */
export function checkJson(payload: Json, { refuse }: Pick<JsonRules, 'refuse'>): Json {
  check(payload, '(payload)', 1, refuse);
  return payload;
}

function parse(text: string, { refuse }: JsonRules): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw refuse(`The body is no JSON: ${errorMessage(error)}.`);
  }
}

/** However it is written: `1e21` and `9007199254740993.0` are integers too. */
function isRounded(token: string): boolean {
  return !token.startsWith('"') && isUnsafe(Number(token));
}

/** An integer that a number cannot hold exactly, or a number beyond all that it can hold. */
function isUnsafe(value: number): boolean {
  return !Number.isSafeInteger(value) && (Number.isInteger(value) || !Number.isFinite(value));
}

function check(value: Json, path: string, depth: number, refuse: JsonRules['refuse']): void {
  if (typeof value === 'number' && isUnsafe(value)) {
    throw refuse(`${path} is an integer beyond ±(2^53−1), so it was rounded. Send it as a string.`);
  }
  if (typeof value !== 'object' || value === null) return;
  if (depth > MAX_CONTEXT_DEPTH) throw refuse(`The body is nested deeper than ${MAX_CONTEXT_DEPTH} levels.`);
  for (const [key, item] of Object.entries(value)) {
    if (typeof item === 'object' || typeof item === 'number') check(item, `${path}.${key}`, depth + 1, refuse);
  }
}
