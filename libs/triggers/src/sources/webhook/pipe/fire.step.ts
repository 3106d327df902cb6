import { keyOfPlace } from '../../../intake/dedup-key.js';
import type { FireRequest } from '../../../intake/fire.types.js';
import type { IntakeService, JudgedFire } from '../../../intake/intake.service.js';
import { isTriggersError } from '../../../model/errors.js';
import type { TriggersError } from '../../../model/errors.js';
import type { FireItem } from '../../../model/trigger-result.js';
import type { WebhookReceipt } from '../webhook-event.js';
import { COMMIT_DEADLINE_MS } from './commit-deadline.js';
import { hashKey, itemKey } from './delivery-key.js';
import type { DeliveryKey, Passage } from './passage.js';
import { failedOn, invalid, letterOf } from './letters.js';
import { receiptOf } from './outcome.js';
import type { Ending, Reply, Step, WebhookTools } from './step.js';

/** One item of a delivery, and the key that its place in it gives it. */
interface Keyed {
  readonly item: FireItem;
  readonly key: DeliveryKey;
}

/** The filter. What it lets pass is committed at the end: what the method returned becomes rows, and only then a 2xx. */
export const judgeFire: Step = (passage, tools) => {
  const { result } = passage;
  const key = passage.key ?? hashKey(passage);
  if (result?.isSkip()) return () => answered(skip(passage, tools, result.reason));
  const items = result?.items ?? [];
  if (items.length > 1) return answered(judgeMany(passage, tools, { items, key }));
  return answered(judgeOne(passage, tools, { item: items[0] ?? {}, key }));
};

/** Our own errors are answers. */
async function answered<T>(work: Promise<T>): Promise<T | TriggersError> {
  try {
    return await work;
  } catch (error) {
    if (isTriggersError(error)) return error;
    throw error;
  }
}

async function skip({ trigger }: Passage, { intake }: WebhookTools, reason: string | null): Promise<Reply> {
  const given = reason ?? 'skipped';
  return receiptOf(await intake.skip({ trigger, reason: given, deadlineMs: COMMIT_DEADLINE_MS }));
}

/** @throws TRG_TRIGGER_TIMEOUT, and what the filter throws of ours */
async function judgeOne(passage: Passage, tools: WebhookTools, one: Keyed): Promise<Ending> {
  try {
    const judged = await tools.intake.judge(requestOf(passage, one));
    return () => answered(tools.intake.commit(judged).then(receiptOf));
  } catch (error) {
    if (!isTriggersError(error) || error.family !== 'context') throw error;
    if (error.code === 'TRG_CONTEXT_FILTER') return () => failedOn({ passage, tools, error, what: 'filter' });
    return () => invalid({ passage, tools, fields: fieldsOf(error) });
  }
}

/**
 * Several items of one delivery, each with a key of its own and judged by itself: a bad one becomes a dead letter, the rest
 * fire. One commit takes all of them; a limited delivery leaves nothing behind and is sent again whole.
 */
async function judgeMany(
  passage: Passage,
  { intake }: WebhookTools,
  { items, key }: { readonly items: readonly FireItem[]; readonly key: DeliveryKey },
): Promise<Ending> {
  const own = items.map((item, index) => ({ item, key: { ...key, key: keyOfPlace(key.key, index) } }));
  const judged = await intake.judgeTogether(
    own.map((one) => requestOf(passage, one)),
    (at, { message: reason }) => letterOf({ passage, reason, key: keyOfItem(passage, own[at] as Keyed), item: at }),
  );
  return () => answered(commitMany(intake, judged, key.key));
}

async function commitMany(intake: IntakeService, judged: readonly JudgedFire[], dedupKey: string): Promise<Reply> {
  const receipts = (await intake.commitTogether(judged, COMMIT_DEADLINE_MS)).map(receiptOf);
  return receipts.find((receipt) => receipt instanceof Error) ?? together(receipts as WebhookReceipt[], dedupKey);
}

function requestOf(passage: Passage, { item, key }: Keyed): FireRequest {
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
function keyOfItem(passage: Passage, { item, key }: Keyed): DeliveryKey {
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
