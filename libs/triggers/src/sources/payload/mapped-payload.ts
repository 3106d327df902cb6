import { isPlainObject } from '../../model/json.js';
import { MAX_FIRINGS_PER_POLL, TriggerResult } from '../../model/trigger-result.js';
import type { FireItem } from '../../model/trigger-result.js';

/**
 * What the method of a trigger made of an event: a context, a result, or nothing, and then the payload is fired as it is.
 *
 * @param label class and method, for the message
 * @throws TypeError for what is neither a context nor a result
 */
export function mappedPayload(returned: unknown, payload: unknown, label: string): TriggerResult {
  if (returned === undefined) return TriggerResult.fire(payload as object);
  if (TriggerResult.isResult(returned)) return checked(returned);
  if (typeof returned === 'object' && returned !== null && !Array.isArray(returned))
    return TriggerResult.fire(returned);
  const what = returned === null ? 'null' : Array.isArray(returned) ? 'an array' : `a ${typeof returned}`;
  throw new TypeError(`${label} returned ${what}. Return a context, a TriggerResult, or nothing to fire the payload.`);
}

function checked(result: TriggerResult): TriggerResult {
  const { items, reason }: { items: readonly unknown[]; reason: unknown } = result;
  if (result.isSkip() && reason !== null && typeof reason !== 'string')
    throw new TypeError('TriggerResult.skip takes a text as its reason, or none.');
  if (result.isSkip() || (items.length > 0 && items.length <= MAX_FIRINGS_PER_POLL && items.every(isItem)))
    return result;
  throw new TypeError(`fireMany takes 1 to ${MAX_FIRINGS_PER_POLL} items of the form { context, dedupKey? }.`);
}

function isItem(item: unknown): item is FireItem {
  return isPlainObject(item);
}
