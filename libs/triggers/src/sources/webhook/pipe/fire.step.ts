import { keyOfPlace } from '../../../intake/dedup-key.js';
import type { FireRequest } from '../../../intake/fire.types.js';
import { isTriggersError } from '../../../model/errors.js';
import type { FireItem } from '../../../model/trigger-result.js';
import type { WebhookReceipt } from '../webhook-event.js';
import { COMMIT_DEADLINE_MS } from './commit-deadline.js';
import { hashKey, itemKey } from './delivery-key.js';
import type { DeliveryKey, Passage } from './passage.js';
import { failedOn, invalid, letterOf } from './letters.js';
import { receiptOf } from './outcome.js';
import type { Reply, Step, WebhookTools } from './step.js';

/** Filter and commit: what the method returned becomes rows. Nothing is answered with a 2xx before the commit is done. */
export const fire: Step = async (passage, tools) => {
  const { result } = passage;
  const key = passage.key ?? hashKey(passage);
  try {
    if (result?.isSkip()) return await skip(passage, tools, result.reason);
    const items = result?.items ?? [];
    if (items.length > 1) return await fireMany(passage, tools, { items, key });
    return await fireOne(passage, tools, { item: items[0] ?? {}, key });
  } catch (error) {
    if (isTriggersError(error)) return error;
    throw error;
  }
};

async function skip({ trigger }: Passage, { intake }: WebhookTools, reason: string | null): Promise<Reply> {
  const given = reason ?? 'skipped';
  return receiptOf(await intake.skip({ trigger, reason: given, deadlineMs: COMMIT_DEADLINE_MS }));
}

async function fireOne(
  passage: Passage,
  tools: WebhookTools,
  one: { readonly item: FireItem; readonly key: DeliveryKey },
): Promise<Reply> {
  try {
    return await commit(passage, tools, one);
  } catch (error) {
    if (!isTriggersError(error) || error.family !== 'context') throw error;
    if (error.code === 'TRG_CONTEXT_FILTER') return failedOn({ passage, tools, error, what: 'filter' });
    return invalid({ passage, tools, fields: fieldsOf(error) });
  }
}

/**
 * Several items of one delivery, each with a key of its own and judged by itself: a bad one becomes a dead letter, the rest
 * fire. One commit takes all of them; a limited delivery leaves nothing behind and is sent again whole.
 */
async function fireMany(
  passage: Passage,
  tools: WebhookTools,
  { items, key }: { readonly items: readonly FireItem[]; readonly key: DeliveryKey },
): Promise<Reply> {
  const own = items.map((item, index) => ({ item, index, key: { ...key, key: keyOfPlace(key.key, index) } }));
  const outcomes = await tools.intake.fireTogether(
    own.map((one) => requestOf(passage, one)),
    (at, { message: reason }) => {
      const one = own[at] as (typeof own)[number];
      return letterOf({ passage, reason, key: keyOfItem(passage, one), item: one.index });
    },
    COMMIT_DEADLINE_MS,
  );
  const receipts = outcomes.map(receiptOf);
  return receipts.find((receipt) => receipt instanceof Error) ?? together(receipts as WebhookReceipt[], key.key);
}

/** @throws TRG_CONTEXT_*, TRG_DEDUP_KEY; TRG_STORE_UNAVAILABLE */
async function commit(
  passage: Passage,
  { intake }: WebhookTools,
  one: { readonly item: FireItem; readonly key: DeliveryKey },
): Promise<WebhookReceipt | Error> {
  return receiptOf(await intake.fire(requestOf(passage, one)));
}

function requestOf(
  passage: Passage,
  { item, key }: { readonly item: FireItem; readonly key: DeliveryKey },
): FireRequest {
  const { trigger } = passage;
  const chosen = keyOfItem(passage, { item, key });
  return {
    context: item.context,
    runAt: item.runAt,
    priority: item.priority,
    trigger,
    dedup: chosen.dedup,
    // Without dedup no key is made up; one that the author gave still keeps an execution of it from running twice at a time.
    dedupKey: chosen.dedup.scope === 'off' ? item.dedupKey : chosen.key,
    delivery: passage.key?.sameForMs === 0 ? undefined : passage.key,
    whenDisabled: trigger.whenDisabled,
    deadlineMs: COMMIT_DEADLINE_MS,
  };
}

/** Its own, else the one that its place in the delivery gives it. */
function keyOfItem(
  passage: Passage,
  { item, key }: { readonly item: FireItem; readonly key: DeliveryKey },
): DeliveryKey {
  return item.dedupKey === undefined ? key : itemKey(passage, item.dedupKey);
}

/** What says most of a delivery, first. */
const STATUSES = ['accepted', 'kept', 'duplicate', 'skipped'] as const;

/** One receipt for all items: of the first with the status that says most. */
function together(firings: readonly WebhookReceipt[], dedupKey: string): WebhookReceipt {
  const says = STATUSES.find((status) => firings.some((receipt) => receipt.status === status));
  const first = firings.find(({ status }) => status === says) as WebhookReceipt;
  if (first.status === 'kept' || first.status === 'skipped') return { ...first, firings };
  const executionIds = firings.flatMap((receipt) => ('executionIds' in receipt ? receipt.executionIds : []));
  return { status: first.status, firingId: first.firingId, executionIds, dedupKey, firings };
}

function fieldsOf({
  message,
  details,
}: {
  message: string;
  details?: Readonly<Record<string, unknown>> | undefined;
}): readonly string[] {
  const fields: unknown = details?.['fields'];
  return Array.isArray(fields) ? (fields as readonly string[]) : [message];
}
