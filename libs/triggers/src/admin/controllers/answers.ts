import { isId } from '../../model/ids.js';
import type { ExecutionId } from '../../model/ids.js';
import { TriggersError } from '../../model/errors.js';
import { quoteAll } from '../../model/text.js';
import type { FireOutcome, IdempotencyKey } from '../../intake/fire.types.js';
import type { SkippedFire } from '../../sources/skipped-fire.js';
import type { Page } from '../../history/page.js';
import type { ChangedBy } from '../../intake/trigger-control.service.js';
import { badFields } from '../http/checked.pipe.js';
import { addressOf, exchangeOf, headerOf } from '../http/exchange.js';
import type { AdminRequest } from '../http/exchange.js';

/** What a firing by hand is answered. */
export type FireAnswer = Pick<
  FireOutcome | SkippedFire,
  'status' | 'firingId' | 'executionIds' | 'dedupKey' | 'reason'
>;

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

/** Who asks, for the audit row of a change. */
export function changedBy(request: AdminRequest, reason: string | null | undefined): ChangedBy {
  return { by: userOf(request), reason: reason ?? null, address: addressOf(request) };
}

/** Who asks. */
export function userOf(request: AdminRequest): string {
  return exchangeOf(request).user?.id ?? 'unknown';
}

/**
 * Who asks, and the key under which they may ask again.
 *
 * @throws TRG_API_BAD_REQUEST
 */
export function askedBy(request: AdminRequest): { initiatedBy: string; idempotency?: IdempotencyKey } {
  const initiatedBy = userOf(request);
  const key = headerOf(request, 'idempotency-key');
  if (key === undefined) return { initiatedBy };
  if (IDEMPOTENCY_KEY.test(key)) return { initiatedBy, idempotency: { key, user: initiatedBy } };
  throw badFields([
    { field: 'Idempotency-Key', problems: ['Idempotency-Key must be 1 to 255 visible ASCII characters'] },
  ]);
}

/** @throws TRG_API_TOO_MANY_REQUESTS when the rate limit of the trigger refused it */
export function fireAnswer({
  status,
  firingId,
  executionIds,
  dedupKey,
  reason,
  delayedMs,
}: FireOutcome | SkippedFire): FireAnswer {
  if (status !== 'limited') return { status, firingId, executionIds, dedupKey, reason };
  throw new TriggersError(
    'TRG_API_TOO_MANY_REQUESTS',
    'The rate limit of this trigger refused the firing. Try again later.',
    {
      details: { firingId, retryAfterMs: delayedMs },
    },
  );
}

/** @throws TRG_API_EXECUTION_NOT_FOUND for what cannot be an id */
export function executionId(text: string): ExecutionId {
  if (isId(text)) return text.toLowerCase() as ExecutionId;
  throw executionNotFound(text);
}

/** The error of an execution that is not there, or no more. */
export function executionNotFound(id: string): TriggersError {
  return new TriggersError('TRG_API_EXECUTION_NOT_FOUND', `There is no execution "${id}"; it may have been pruned.`, {
    details: { id },
  });
}

/**
 * Keeps only the fields of the items that `?fields=` names.
 *
 * @throws TRG_API_BAD_REQUEST for a field that the items do not have
 */
export function selectFields<T extends object>(page: Page<T>, fields: string | undefined): Page<Partial<T>> {
  if (fields === undefined || page.items.length === 0) return page;
  const names = fields.split(',').map((name) => name.trim());
  const known = new Set(page.items.flatMap((item) => Object.keys(item)));
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw badFields([
      { field: 'fields', problems: [`fields names ${quoteAll(unknown)}; the items have ${quoteAll(known)}`] },
    ]);
  }
  const items = page.items.map(
    (item) => Object.fromEntries(Object.entries(item).filter(([name]) => names.includes(name))) as Partial<T>,
  );
  return { ...page, items };
}
