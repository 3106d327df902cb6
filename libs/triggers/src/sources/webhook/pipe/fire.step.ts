import { isTriggersError } from '../../../model/errors.js';
import type { FireItem } from '../../../model/trigger-result.js';
import type { WebhookFired, WebhookReceipt } from '../webhook-event.js';
import { COMMIT_DEADLINE_MS } from './commit-deadline.js';
import { hashKey, itemKey } from './delivery-key.js';
import type { DeliveryKey, Passage } from './passage.js';
import { answerOfRepeat, failedOn, invalid, letterOf } from './letters.js';
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
 * fire. Should one fail to be committed the whole delivery is sent again, which finds those that were.
 */
async function fireMany(
  passage: Passage,
  tools: WebhookTools,
  { items, key }: { readonly items: readonly FireItem[]; readonly key: DeliveryKey },
): Promise<Reply> {
  const own = (index: number): DeliveryKey => ({ ...key, key: `${key.key}#${index}` });
  const replies = await Promise.all(
    items.map((item, index) => fireItem(passage, tools, { item, key: own(index), index })),
  );
  const failed = replies.find((reply) => reply instanceof Error);
  if (failed !== undefined) return failed;
  return together(replies as readonly WebhookReceipt[], key.key);
}

async function fireItem(
  passage: Passage,
  tools: WebhookTools,
  one: { readonly item: FireItem; readonly key: DeliveryKey; readonly index: number },
): Promise<WebhookReceipt | Error> {
  try {
    return await commit(passage, tools, one);
  } catch (error) {
    if (!isTriggersError(error) || error.family !== 'context') throw error;
    const key = keyOfItem(passage, one);
    const kept = await tools.intake.reject(letterOf({ passage, reason: error.message, key, item: one.index }));
    return answerOfRepeat(kept) ?? { status: 'kept', firingId: kept.firingId };
  }
}

/** @throws TRG_CONTEXT_*, TRG_DEDUP_KEY; TRG_STORE_UNAVAILABLE */
async function commit(
  passage: Passage,
  { intake }: WebhookTools,
  { item, key }: { readonly item: FireItem; readonly key: DeliveryKey },
): Promise<WebhookReceipt | Error> {
  const { trigger } = passage;
  const chosen = keyOfItem(passage, { item, key });
  const outcome = await intake.fire({
    context: item.context,
    runAt: item.runAt,
    priority: item.priority,
    trigger,
    dedup: chosen.dedup,
    // Without dedup no key is made up; one that the author gave still keeps an execution of it from running twice at a time.
    dedupKey: chosen.dedup.scope === 'off' ? item.dedupKey : chosen.key,
    deliveryKey: passage.key?.sameForMs === 0 ? undefined : passage.key?.key,
    whenDisabled: trigger.whenDisabled,
    deadlineMs: COMMIT_DEADLINE_MS,
  });
  return receiptOf(outcome);
}

/** Its own, else the one that its place in the delivery gives it. */
function keyOfItem(
  passage: Passage,
  { item, key }: { readonly item: FireItem; readonly key: DeliveryKey },
): DeliveryKey {
  return item.dedupKey === undefined ? key : itemKey(passage, item.dedupKey);
}

function together(receipts: readonly WebhookReceipt[], dedupKey: string): WebhookFired {
  const ids = receipts.flatMap((receipt) => ('executionIds' in receipt ? receipt.executionIds : []));
  const isRepeat = receipts.every(({ status }) => status === 'duplicate');
  const [first] = receipts;
  return {
    status: isRepeat ? 'duplicate' : 'accepted',
    firingId: first?.firingId ?? '',
    executionIds: ids,
    dedupKey,
    firings: receipts,
  };
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
