import { keyOfPlace } from '../../intake/dedup-key.js';
import type { FireOutcome } from '../../intake/fire.types.js';
import type { IntakeService } from '../../intake/intake.service.js';
import { isTriggersError } from '../../model/errors.js';
import type { FireItem } from '../../model/trigger-result.js';
import type { Passage } from './passage.js';
import { failed, keepLetter } from './verdict.js';
import type { Step, Verdict } from './verdict.js';

const TAKEN: Verdict = { is: 'taken' };

/** Filter and commit: what the method returned becomes rows. It waits for the database as long as it takes. */
export const fireMessage: Step = async (passage, intake) => {
  const { result, trigger, key } = passage;
  if (result?.isSkip()) {
    await intake.skip({ trigger, reason: result.reason ?? 'skipped', deadlineMs: Infinity });
    return TAKEN;
  }
  const items = result?.items ?? [];
  if (items.length > 1) return fireMany(passage, intake, items);
  try {
    return verdictOf(await commit(passage, intake, items[0] ?? {}, key));
  } catch (error) {
    const problem = problemOf(error);
    if (problem === null) throw error;
    return failed(problem);
  }
};

/**
 * Several items of one message, each with a key of its own and judged by itself: a bad one becomes a dead letter, the rest fire.
 * Should one fail to be committed the message comes again, and finds those that were.
 */
async function fireMany(passage: Passage, intake: IntakeService, items: readonly FireItem[]): Promise<Verdict> {
  const verdicts = await Promise.all(items.map((item, index) => fireItem(passage, intake, item, index)));
  return verdicts.find(({ is }) => is !== 'taken') ?? TAKEN;
}

async function fireItem(passage: Passage, intake: IntakeService, item: FireItem, index: number): Promise<Verdict> {
  const key = passage.key === null ? null : keyOfPlace(passage.key, index);
  try {
    return verdictOf(await commit(passage, intake, item, key));
  } catch (error) {
    const reason = problemOf(error);
    if (reason === null) throw error;
    await keepLetter(intake, passage, { reason, key, item: index });
    return TAKEN;
  }
}

/** @throws TRG_CONTEXT_*, TRG_DEDUP_KEY; TRG_STORE_UNAVAILABLE */
function commit(passage: Passage, intake: IntakeService, item: FireItem, key: string | null): Promise<FireOutcome> {
  const { trigger } = passage;
  const { context, runAt, priority, dedupKey } = item;
  // Equal bodies are different messages: without identity nothing keeps them apart but the author.
  const isKeyless = key === null && !trigger.isDedupGiven && dedupKey === undefined;
  const isOff = isKeyless || trigger.dedup.scope === 'off';
  return intake.fire({
    context,
    runAt,
    priority,
    trigger,
    dedup: isKeyless ? { scope: 'off' } : undefined,
    dedupKey: dedupKey ?? (isOff ? undefined : (key ?? undefined)),
    whenDisabled: 'hold',
    onLimit: trigger.onLimit,
    deadlineMs: Infinity,
  });
}

function verdictOf({ status, reason }: FireOutcome): Verdict {
  return status === 'refused' ? { is: 'later', reason: reason ?? status } : TAKEN;
}

/** What is wrong with the message itself; `null` where something else is. */
function problemOf(error: unknown): string | null {
  return isTriggersError(error) && error.family === 'context' ? error.message : null;
}
