import { keyOfPlace } from '../../intake/dedup-key.js';
import type { FireOutcome, FireRequest } from '../../intake/fire.types.js';
import type { IntakeService } from '../../intake/intake.service.js';
import type { ResolvedDedup } from '../../intake/trigger.definition.js';
import { isTriggersError } from '../../model/errors.js';
import type { FireItem } from '../../model/trigger-result.js';
import { ownKeysOf } from './message-trigger.definition.js';
import type { Passage } from './passage.js';
import { failed, letterOf } from './verdict.js';
import type { Ending, Step, Verdict } from './verdict.js';

/** The filter. What it lets pass is committed at the end: what the method returned becomes rows. */
export const judgeFire: Step = async (passage, intake) => {
  const { result, trigger } = passage;
  if (result?.isSkip()) {
    const reason = result.reason ?? 'skipped';
    return async () => {
      await intake.skip({ trigger, reason, deadlineMs: Infinity });
      return { is: 'taken' };
    };
  }
  const items = result?.items ?? [];
  if (items.length > 1) return judgeMany(passage, intake, items);
  try {
    const judged = await intake.judge(requestOf(passage, items[0] ?? {}, passage.key));
    return async () => verdictOf([await intake.commit(judged)]);
  } catch (error) {
    if (!isTriggersError(error) || error.family !== 'context') throw error;
    return failed(error.message);
  }
};

/**
 * Several items of one message, each with a key of its own and judged by itself: a bad one becomes a dead letter, the rest fire. One commit takes
 * all of them: a message that is refused leaves nothing behind and comes again whole.
 */
async function judgeMany(passage: Passage, intake: IntakeService, items: readonly FireItem[]): Promise<Ending> {
  const keyAt = (at: number): string | null => (passage.key === null ? null : keyOfPlace(passage.key, at));
  const judged = await intake.judgeTogether(
    items.map((item, at) => requestOf(passage, item, keyAt(at))),
    (at, { message: reason }) => letterOf(passage, { reason, key: items[at]?.dedupKey ?? keyAt(at), item: at }),
  );
  return async () => verdictOf(await intake.commitTogether(judged, Infinity));
}

function requestOf(passage: Passage, item: FireItem, key: string | null): FireRequest {
  const { trigger } = passage;
  const { context, runAt, priority, dedupKey } = item;
  const dedup = dedupOf(passage, dedupKey ?? key, item);
  return {
    context,
    runAt,
    priority,
    trigger,
    dedup,
    // Without dedup no key is made up; one that the author gave still keeps an execution of it from running twice at a time.
    dedupKey: dedupKey ?? (dedup.scope === 'off' ? undefined : (key ?? undefined)),
    delivery:
      passage.key === null || trigger.dedup.scope === 'off' ? undefined : { key: passage.key, dedup: trigger.dedup },
    whenDisabled: 'hold',
    onLimit: trigger.onLimit,
    deadlineMs: Infinity,
  };
}

/** Equal bodies are different messages: without ids nothing but the author says which are the same. */
function dedupOf({ trigger }: Passage, key: string | null, { dedupKey }: FireItem): ResolvedDedup {
  if (dedupKey !== undefined) return ownKeysOf(trigger);
  return key === null && !trigger.isDedupGiven ? { scope: 'off' } : trigger.dedup;
}

/** Only what nobody holds any more comes again. */
function verdictOf(outcomes: readonly FireOutcome[]): Verdict {
  const refused = outcomes.find(({ status }) => status === 'refused');
  return refused === undefined ? { is: 'taken' } : { is: 'later', reason: refused.reason ?? refused.status };
}
