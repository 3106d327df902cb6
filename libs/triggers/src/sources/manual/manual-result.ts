import { TriggersError } from '../../model/errors.js';
import type { JsonObject } from '../../model/json.js';
import { TriggerResult } from '../../model/trigger-result.js';
import type { FireItem } from '../../model/trigger-result.js';

/** What the method of a manual trigger decided. */
export type ManualResult =
  { readonly kind: 'fire'; readonly item: FireItem } | { readonly kind: 'skip'; readonly reason: string | null };

/**
 * Reads what a method returned: nothing fires the input, an object is the context, a `TriggerResult` says all.
 *
 * @param label class and method, for the message
 * @throws TRG_MANUAL_RESULT for anything else, and for several items: a fire by hand is one firing
 */
export function readManualResult(returned: unknown, input: JsonObject, label: string): ManualResult {
  if (returned === undefined) return { kind: 'fire', item: { context: input } };
  if (TriggerResult.isResult(returned)) return readResult(returned, label);
  if (typeof returned === 'object' && returned !== null && !Array.isArray(returned)) {
    return { kind: 'fire', item: { context: returned } };
  }
  const shown = returned === null ? 'null' : Array.isArray(returned) ? 'an array' : `a ${typeof returned}`;
  throw noResult(`${label} returned ${shown}`);
}

function readResult({ items, reason }: TriggerResult, label: string): ManualResult {
  const [item] = items;
  if (item === undefined) return { kind: 'skip', reason };
  if (items.length === 1) return { kind: 'fire', item };
  throw noResult(`${label} returned ${items.length} items, but a fire by hand is one firing`);
}

function noResult(what: string): TriggersError {
  const message = `${what}. Return a context, TriggerResult.fire(…) or TriggerResult.skip(…), or nothing to fire the input.`;
  return new TriggersError('TRG_MANUAL_RESULT', message);
}
