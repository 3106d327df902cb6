import type { TriggersError } from '../../../model/errors.js';
import { isTriggersError } from '../../../model/errors.js';
import type { FiringId } from '../../../model/ids.js';
import { cleanText, errorMessage } from '../../../model/text.js';
import { refusal } from './answers.js';
import { COMMIT_DEADLINE_MS } from './commit-deadline.js';
import { provenanceOf } from './provenance.js';
import type { Passage } from './passage.js';
import type { Reply, WebhookTools } from './step.js';

/** The most field errors that an answer lists. */
const MAX_FIELDS = 50;

interface Letter {
  readonly passage: Passage;
  readonly tools: WebhookTools;
  readonly reason: string;
  /** @default the key of the delivery */
  readonly key?: string | undefined;
  /** Which item of the delivery it is. @default all of it */
  readonly item?: number | undefined;
}

/** Keeps what was verified and cannot start anything, with its payload. The id of the dead letter, or why there is none. */
export async function keepLetter({ passage, tools, reason, key, item }: Letter): Promise<FiringId | TriggersError> {
  const { trigger, text: payload } = passage;
  const dedupKey = key ?? passage.key?.key;
  try {
    const { firingId } = await tools.intake.reject({
      trigger,
      reason: cleanText(reason),
      dedupKey,
      payload,
      origin: { ...provenanceOf(passage), ...(item !== undefined && { item }) },
      deadlineMs: COMMIT_DEADLINE_MS,
    });
    return firingId;
  } catch (error) {
    if (isTriggersError(error)) return error;
    throw error;
  }
}

/** A verified delivery that does not fit: a dead letter, and what the author says is answered of it. */
export async function invalid({
  fields,
  ...letter
}: Omit<Letter, 'reason'> & { readonly fields: readonly string[] }): Promise<Reply> {
  const firingId = await keepLetter({ ...letter, reason: `the payload does not fit: ${fields.join('; ')}` });
  if (firingId instanceof Error) return firingId;
  if (letter.passage.trigger.onInvalid === 'keep') return { status: 'kept', firingId };
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
export async function keptAndUnavailable({
  error,
  what,
  ...letter
}: Parameters<typeof failedOn>[0]): Promise<TriggersError> {
  const kept = await keepLetter({ ...letter, reason: `the ${what} threw: ${errorMessage(error)}` });
  if (kept instanceof Error) return kept;
  return refusal('TRG_WEBHOOK_UNAVAILABLE', `The ${what} of the trigger failed; try again.`);
}
