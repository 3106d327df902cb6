import type { FireOutcome } from '../../../intake/fire.types.js';
import type { TriggersError } from '../../../model/errors.js';
import type { WebhookReceipt } from '../webhook-event.js';
import { refusal, unavailable } from './answers.js';

/** What the sender is told of a firing: a receipt, or a refusal after which it may try again. */
export function receiptOf(outcome: FireOutcome): WebhookReceipt | TriggersError {
  const { status, firingId, executionIds, dedupKey, reason, delayedMs } = outcome;
  switch (status) {
    case 'accepted':
      return { status, firingId, executionIds, dedupKey };
    case 'duplicate':
      return repeatOf(outcome);
    case 'filtered':
      return { status: 'skipped', reason: reason ?? 'filter', firingId };
    case 'held':
    case 'dead':
    case 'rejected':
      return { status: 'kept', firingId };
    case 'limited':
      return refusal('TRG_API_TOO_MANY_REQUESTS', 'More deliveries than the rate limit allows; try again later.', {
        retryAfterMs: delayedMs,
      });
    case 'refused':
      return unavailable(`The ${reason ?? 'trigger takes nothing'}.`);
  }
}

/** A repeat of what became a dead letter is kept with it. */
function repeatOf({ of, firingId, executionIds, dedupKey, state }: FireOutcome): WebhookReceipt {
  if (of === 'letter') return { status: 'kept', firingId };
  return { status: 'duplicate', firingId, executionIds, dedupKey, ...(state !== null && { state }) };
}
