import type { PreparedFiring } from '../../intake/poll-intake.js';
import { TriggersError } from '../../model/errors.js';
import { MAX_BYTES_PER_POLL, MAX_FIRINGS_PER_POLL, TriggerResult } from '../../model/trigger-result.js';

/**
 * What a trigger method returned, if it is a result.
 *
 * @param label class and method, for the message
 * @throws TRG_POLL_RESULT for anything else, and for more than 1,000 items
 */
export function checkResult(returned: unknown, label: string): TriggerResult {
  if (!TriggerResult.isResult(returned) || !Array.isArray(returned.items)) throw noResult(returned, label);
  const count = returned.items.length;
  if (count === 0) return returned;
  if (count > MAX_FIRINGS_PER_POLL) throw tooMuch(label, `${count} items; at most ${MAX_FIRINGS_PER_POLL}`);
  const hole = returned.items.findIndex((item: unknown) => typeof item !== 'object' || item === null);
  if (hole >= 0) throw noResult(returned.items[hole], `${label}, item ${hole} of fireMany`);
  return returned;
}

/** @throws TRG_POLL_RESULT when the contexts of one poll have more than 8 MiB together */
export function checkBytes(firings: readonly PreparedFiring[], label: string): void {
  const bytes = firings.reduce((sum, { context }) => sum + (context === null ? 0 : Buffer.byteLength(context)), 0);
  if (bytes > MAX_BYTES_PER_POLL) throw tooMuch(label, `${bytes} bytes of contexts; at most ${MAX_BYTES_PER_POLL}`);
}

function noResult(returned: unknown, label: string): TriggersError {
  const message = `${label} returned ${nameOf(returned)}, which is no TriggerResult. Return TriggerResult.fire(…), .fireMany([…]) or .skip(…).`;
  return new TriggersError('TRG_POLL_RESULT', message);
}

function tooMuch(label: string, what: string): TriggersError {
  const message = `${label} returned ${what} are taken from one poll. Return fewer, with a cursor and "more: true".`;
  return new TriggersError('TRG_POLL_RESULT', message);
}

function nameOf(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'object') return `an instance of ${value.constructor?.name ?? 'an unknown class'}`;
  return value === undefined ? 'nothing' : `a ${typeof value}`;
}
