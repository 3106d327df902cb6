import type { FireOutcome, RejectRequest } from '../../../intake/fire.types.js';
import type { TriggersError } from '../../../model/errors.js';
import { isTriggersError } from '../../../model/errors.js';
import { cleanText, errorMessage } from '../../../model/text.js';
import { placeIn } from '../../payload/replayed-payload.js';
import type { WebhookReceipt } from '../webhook-event.js';
import { refusal } from './answers.js';
import { COMMIT_DEADLINE_MS } from './commit-deadline.js';
import { receiptOf } from './outcome.js';
import { provenanceOf } from './provenance.js';
import type { DeliveryKey, Passage } from './passage.js';
import type { Reply, WebhookTools } from './step.js';

/** The most field errors that an answer lists. */
const MAX_FIELDS = 50;

interface Letter {
  readonly passage: Passage;
  readonly tools: WebhookTools;
  readonly reason: string;
  /** @default the key of the delivery */
  readonly key?: DeliveryKey | undefined;
}

/** Which item of a delivery a letter is of. @default all of it */
interface ItemOfLetter {
  readonly item?: number | undefined;
}

/** What was verified and cannot start anything, with its payload, as it is stored. */
export function letterOf({ passage, reason, key, item }: Omit<Letter, 'tools'> & ItemOfLetter): RejectRequest {
  const { trigger, text: payload } = passage;
  const known = key ?? passage.key;
  return {
    trigger,
    reason: cleanText(reason),
    dedupKey: known?.key,
    sameForMs: known?.sameForMs,
    payload,
    origin: { ...provenanceOf(passage), ...placeIn(passage.key?.key ?? null, item) },
    deadlineMs: COMMIT_DEADLINE_MS,
  };
}

/** Keeps what was verified and cannot start anything. What became of it, or why there is no letter. */
export async function keepLetter(letter: Letter): Promise<FireOutcome | TriggersError> {
  try {
    return await letter.tools.intake.reject(letterOf(letter));
  } catch (error) {
    if (isTriggersError(error)) return error;
    throw error;
  }
}

/** The repeat of an event that was accepted is answered with that, whatever is wrong with the repeat; `null` where it is none. */
export function answerOfRepeat(kept: FireOutcome): WebhookReceipt | TriggersError | null {
  return kept.of === 'dedup' ? receiptOf(kept) : null;
}

/** A verified delivery that does not fit: a dead letter, and what the author says is answered of it. */
export async function invalid({
  fields,
  ...letter
}: Omit<Letter, 'reason'> & { readonly fields: readonly string[] }): Promise<Reply> {
  const kept = await keepLetter({ ...letter, reason: `the payload does not fit: ${fields.join('; ')}` });
  return kept instanceof Error ? kept : (answerOfRepeat(kept) ?? answerByOnInvalid(letter.passage, kept, fields));
}

function answerByOnInvalid({ trigger }: Passage, { firingId }: FireOutcome, fields: readonly string[]): Reply {
  if (trigger.onInvalid === 'keep') return { status: 'kept', firingId };
  const shown = fields.slice(0, MAX_FIELDS);
  return refusal('TRG_WEBHOOK_PAYLOAD', `The payload does not fit: ${shown.join('; ')}.`, { fields: shown });
}

/**
 * Code of the author failed on a verified delivery, which is kept: a dead letter that is the receipt, or, where the sender is
 * to try again, one beside a 503.
 *
 * @param what whose error it is, for the ledger
 */
export async function failedOn({
  error,
  what,
  ...letter
}: Omit<Letter, 'reason' | 'key'> & { readonly error: unknown; readonly what: 'method' | 'filter' }): Promise<Reply> {
  if (letter.passage.trigger.onInvalid === 'keep')
    return invalid({ ...letter, fields: [`(${what}): ${errorMessage(error)}`] });
  return keptAndUnavailable({ ...letter, error, what });
}

/** A dead letter, and a 503 after which the sender tries again. */
export async function keptAndUnavailable({ error, what, ...letter }: Parameters<typeof failedOn>[0]): Promise<Reply> {
  const kept = await keepLetter({ ...letter, reason: `the ${what} threw: ${errorMessage(error)}` });
  if (kept instanceof Error) return kept;
  const failed = refusal('TRG_WEBHOOK_UNAVAILABLE', `The ${what} of the trigger failed; try again.`);
  return answerOfRepeat(kept) ?? failed;
}
