import { TriggersError } from './errors.js';
import { isPlainObject } from './json.js';
import type { ErrorCode } from './error-codes.js';

/** The largest context, task output or payload, in bytes of its JSON text: 1 MiB. */
export const MAX_CONTEXT_BYTES = 1_048_576;
/** The deepest nesting of a context. */
export const MAX_CONTEXT_DEPTH = 64;

/** What the rules of a context depend on. */
export interface ContextRules {
  /** What the value is, for the message: `Context of trigger "inbox"`. */
  readonly what: string;
  /** A class whose instances count as plain objects. */
  readonly instancesOf?: abstract new (...args: never[]) => object;
  /** @default MAX_CONTEXT_BYTES */
  readonly maxBytes?: number;
  /** Whether top-level keys may start with `$`. @default false */
  readonly dollarKeys?: boolean;
  /** `'string'` turns `bigint`s into text instead of refusing them. A number beyond ±(2^53−1) was rounded before and is refused. */
  readonly bigNumbers?: 'string' | undefined;
}

const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * The JSON text of a context, after the rules of every context: a JSON object of at most 1 MiB and 64 levels, without
 * what JSON cannot carry, NUL characters, keys that pollute prototypes, and top-level keys that start with `$`.
 * `undefined` equals `{}`; a `Date` becomes its ISO text; an `undefined` property is left out, as JSON does.
 *
 * @throws TRG_CONTEXT_NOT_JSON, TRG_CONTEXT_TOO_DEEP, TRG_CONTEXT_TOO_LARGE, TRG_CONTEXT_RESERVED_KEY and
 *   TRG_CONTEXT_BIG_NUMBER, each naming the path of the first offender
 */
export function contextToJson(value: unknown, rules: ContextRules): string {
  if (value === undefined) return '{}';
  if (!isPlainObject(value) && !isInstance(value, rules)) {
    throw refuse(rules, 'TRG_CONTEXT_NOT_JSON', '', `is ${nameOf(value)}; it must be a plain object`);
  }
  if (!rules.dollarKeys) refuseDollarKeys(value, rules);
  checkValue(value, '', 1, rules);
  const text = JSON.stringify(value, rules.bigNumbers === 'string' ? bigintsAsText : undefined);
  const bytes = Buffer.byteLength(text);
  const limit = rules.maxBytes ?? MAX_CONTEXT_BYTES;
  if (bytes > limit) {
    throw refuse(
      rules,
      'TRG_CONTEXT_TOO_LARGE',
      '',
      `has ${bytes} bytes; at most ${limit} are taken. Pass a reference`,
    );
  }
  return text;
}

function refuseDollarKeys(value: object, rules: ContextRules): void {
  for (const key of Object.keys(value)) {
    if (key.startsWith('$')) {
      throw refuse(rules, 'TRG_CONTEXT_RESERVED_KEY', key, 'starts with "$", which is reserved at the top level');
    }
  }
}

function checkValue(value: unknown, path: string, depth: number, rules: ContextRules): void {
  switch (typeof value) {
    case 'string':
      if (value.includes('\u0000')) throw refuse(rules, 'TRG_CONTEXT_NOT_JSON', path, 'has a NUL character');
      return;
    case 'number':
      return checkNumber(value, path, rules);
    case 'boolean':
      return;
    case 'bigint':
      if (rules.bigNumbers === 'string') return;
      throw refuse(
        rules,
        'TRG_CONTEXT_BIG_NUMBER',
        path,
        'is a bigint. Send it as a string, or set bigNumbers: "string"',
      );
    case 'object':
      if (value !== null) checkContainer(value, path, depth, rules);
      return;
    default:
      throw refuse(rules, 'TRG_CONTEXT_NOT_JSON', path, `is ${nameOf(value)}, which JSON cannot carry`);
  }
}

function checkNumber(value: number, path: string, rules: ContextRules): void {
  if (!Number.isFinite(value))
    throw refuse(rules, 'TRG_CONTEXT_NOT_JSON', path, `is ${value}, which JSON cannot carry`);
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw refuse(
      rules,
      'TRG_CONTEXT_BIG_NUMBER',
      path,
      'is an integer beyond ±(2^53−1), so it was rounded. Send it as a string',
    );
  }
}

function bigintsAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

function checkContainer(value: object, path: string, depth: number, rules: ContextRules): void {
  if (value instanceof Date) return checkDate(value, path, rules);
  if (depth > MAX_CONTEXT_DEPTH) {
    // A path of so many levels is long; its beginning tells which it is.
    const shown = `${path.slice(0, 77)}...`;
    throw refuse(rules, 'TRG_CONTEXT_TOO_DEEP', shown, `is nested deeper than ${MAX_CONTEXT_DEPTH} levels`);
  }
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      checkValue(value[index], `${path}[${index}]`, depth + 1, rules);
    }
    return;
  }
  if (!isPlainObject(value) && !isInstance(value, rules)) {
    throw refuse(rules, 'TRG_CONTEXT_NOT_JSON', path, `is ${nameOf(value)}; turn it into a plain object`);
  }
  checkProperties(value, path, depth, rules);
}

function checkDate(value: Date, path: string, rules: ContextRules): void {
  if (Number.isNaN(value.getTime())) throw refuse(rules, 'TRG_CONTEXT_NOT_JSON', path, 'is an invalid Date');
}

function checkProperties(value: object, path: string, depth: number, rules: ContextRules): void {
  if (Object.getOwnPropertySymbols(value).length > 0) {
    throw refuse(rules, 'TRG_CONTEXT_NOT_JSON', path, 'has a symbol as key');
  }
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') {
    throw refuse(rules, 'TRG_CONTEXT_NOT_JSON', path, 'has a method toJSON; pass what it returns');
  }
  for (const [key, item] of Object.entries(value)) {
    const at = path === '' ? key : `${path}.${key}`;
    if (FORBIDDEN_KEYS.has(key)) {
      throw refuse(rules, 'TRG_CONTEXT_RESERVED_KEY', at, 'is a key that could pollute objects');
    }
    if (key.includes('\u0000')) throw refuse(rules, 'TRG_CONTEXT_NOT_JSON', at, 'has a NUL character in its key');
    if (item !== undefined) checkValue(item, at, depth + 1, rules);
  }
}

function isInstance(value: unknown, rules: ContextRules): value is object {
  return rules.instancesOf !== undefined && value instanceof rules.instancesOf;
}

function refuse(rules: ContextRules, code: ErrorCode, path: string, problem: string): TriggersError {
  const shown = path === '' ? rules.what : `${rules.what}: "${path}"`;
  return new TriggersError(code, `${shown} ${problem}.`, { details: { path } });
}

function nameOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return `an instance of ${value.constructor?.name ?? 'an unknown class'}`;
  return value === undefined ? 'undefined' : `a ${typeof value}`;
}
