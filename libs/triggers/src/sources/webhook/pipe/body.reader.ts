import { TriggersError } from '../../../model/errors.js';
import type { JsonObject } from '../../../model/json.js';
import { readJson } from '../../payload/json-text.js';
import type { BodyReader } from '../verify/verifier.js';
import type { WebhookDefinition } from '../webhook-trigger.definition.js';

/** It costs more to make than to use, and keeps nothing between two bodies. */
const UTF8 = new TextDecoder('utf-8', { fatal: true });

const EXACT = readerOf(null);
const WITH_BIG_NUMBERS = readerOf('string');

/** How bodies are read for a trigger: UTF-8, at most 64 levels, integers as the trigger wants them. */
export function bodyReader({ bigNumbers }: Pick<WebhookDefinition, 'bigNumbers'>): BodyReader {
  return bigNumbers === 'string' ? WITH_BIG_NUMBERS : EXACT;
}

function readerOf(bigNumbers: 'string' | null): BodyReader {
  const rules = { bigNumbers, refuse: bad };
  return { json: (bytes) => readJson(textOf(bytes), rules), form: (bytes) => formOf(textOf(bytes)) };
}

function textOf(bytes: Buffer): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    throw bad('The body is not in UTF-8.');
  }
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

function bad(message: string): TriggersError {
  return new TriggersError('TRG_WEBHOOK_PAYLOAD', message);
}
