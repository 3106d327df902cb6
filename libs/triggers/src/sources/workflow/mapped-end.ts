import type { FollowedBy } from '../../intake/end-intake.service.js';
import { MAX_FIRINGS_PER_POLL, TriggerResult } from '../../model/trigger-result.js';
import { contextOf } from './workflow-end.js';
import type { WorkflowEnd } from './workflow-end.js';

/** What follows from what the method of a workflow trigger returned. Something else than it may return makes a dead letter. */
export function mappedEnd(returned: unknown, end: WorkflowEnd, label: string): FollowedBy {
  if (returned === undefined || returned === null) return { kind: 'fire', items: [{ context: contextOf(end) }] };
  if (!TriggerResult.isResult(returned)) {
    if (typeof returned === 'object' && !Array.isArray(returned))
      return { kind: 'fire', items: [{ context: returned }] };
    return unmapped(
      end,
      `${label} returned ${Array.isArray(returned) ? 'an array' : `a ${typeof returned}`}. ${TAKEN}`,
    );
  }
  const { items, reason } = returned;
  if (returned.isSkip()) return { kind: 'filtered', context: contextOf(end), reason: reason ?? 'skipped' };
  if (items.length > MAX_FIRINGS_PER_POLL)
    return unmapped(end, `${label} fires ${items.length} items; at most ${MAX_FIRINGS_PER_POLL} follow one end.`);
  const hole = items.findIndex((item: unknown) => typeof item !== 'object' || item === null);
  return hole < 0
    ? { kind: 'fire', items }
    : unmapped(end, `${label}: item ${hole} of fireMany is no object. ${TAKEN}`);
}

/** The dead letter of an end that could not be mapped: replayed, it fires what no method at all would have fired. */
export function unmapped(end: WorkflowEnd, reason: string): FollowedBy {
  return { kind: 'dead', context: contextOf(end), reason };
}

const TAKEN = 'Return a context, a TriggerResult, or nothing.';
