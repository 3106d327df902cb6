import { MAX_CONTEXT_DEPTH } from '../../../model/context.js';
import { TriggersError } from '../../../model/errors.js';
import type { Json, JsonObject } from '../../../model/json.js';
import { errorMessage } from '../../../model/text.js';
import type { BodyReader } from '../verify/verifier.js';
import type { WebhookDefinition } from '../webhook-trigger.definition.js';

/** Strings, so that digits in them are left alone, and numbers. */
const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** It costs more to make than to use, and keeps nothing between two bodies. */
const UTF8 = new TextDecoder('utf-8', { fatal: true });

const form = (bytes: Buffer): JsonObject => formOf(textOf(bytes));

const EXACT: BodyReader = { json: (bytes) => checked(parse(textOf(bytes))), form };

const WITH_BIG_NUMBERS: BodyReader = {
  json: (bytes) => {
    const text = textOf(bytes);
    parse(text);
    return checked(parse(text.replace(TOKENS, (token) => (isRounded(token) ? `"${token}"` : token))));
  },
  form,
};

/** How bodies are read for a trigger: UTF-8, at most 64 levels, integers as the trigger wants them. */
export function bodyReader({ bigNumbers }: Pick<WebhookDefinition, 'bigNumbers'>): BodyReader {
  return bigNumbers === 'string' ? WITH_BIG_NUMBERS : EXACT;
}

function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw bad(`The body is no JSON: ${errorMessage(error)}.`);
  }
}

function textOf(bytes: Buffer): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    throw bad('The body is not in UTF-8.');
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

/** A field that stands there several times is a list. */
function formOf(text: string): JsonObject {
  const fields = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(text)) {
    const values = fields.get(name);
    if (values === undefined) fields.set(name, [value]);
    else values.push(value);
  }
  return Object.fromEntries(
    [...fields].map(([name, values]) => [name, values.length === 1 ? values[0] : values]),
  ) as JsonObject;
}

function checked(payload: Json): Json {
  check(payload, '(payload)', 1);
  return payload;
}

function check(value: Json, path: string, depth: number): void {
  if (typeof value === 'number' && isUnsafe(value)) {
    throw bad(`${path} is an integer beyond ±(2^53−1), so it was rounded. Send it as a string.`);
  }
  if (typeof value !== 'object' || value === null) return;
  if (depth > MAX_CONTEXT_DEPTH) throw bad(`The body is nested deeper than ${MAX_CONTEXT_DEPTH} levels.`);
  for (const [key, item] of Object.entries(value)) {
    if (typeof item === 'object' || typeof item === 'number') check(item, `${path}.${key}`, depth + 1);
  }
}

function bad(message: string): TriggersError {
  return new TriggersError('TRG_WEBHOOK_PAYLOAD', message);
}
