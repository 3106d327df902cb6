import type { EventBus } from '../model/events.js';
import { TriggersError } from '../model/errors.js';
import type { ExecutionId, FiringId } from '../model/ids.js';
import type { FiringDraft, FiringVerdict } from '../store/commits/firing.draft.js';
import type { Row } from '../store/dialects/batch.js';
import type { FireOutcome } from './fire.types.js';

const REFUSALS = {
  disabled: 'trigger is disabled',
  tooManyHeld: 'trigger holds 10,000 firings',
} as const satisfies Record<Extract<FiringVerdict, { status: 'refused' }>['because'], string>;

const NOTHING = { of: null, executionIds: [], dedupKey: null, state: null, delayedMs: 0 } as const;

/** What a caller is told of a verdict. */
export function outcomeOf(draft: FiringDraft, verdict: FiringVerdict): FireOutcome {
  const dedupKey = draft.dedup?.label ?? draft.letter?.key?.label ?? null;
  const { id: firingId, reason } = draft;
  switch (verdict.status) {
    case 'duplicate': {
      const { coolingDownUntil, ...original } = verdict;
      const cooling = coolingDownUntil === null ? null : `cooling down until ${coolingDownUntil.toISOString()}`;
      return { ...original, dedupKey, reason: cooling, delayedMs: 0 };
    }
    case 'limited': {
      const { retryAfterMs: delayedMs } = verdict;
      return { ...NOTHING, firingId, status: 'limited', state: 'limited', reason: 'rate limit', delayedMs };
    }
    case 'refused':
      return { ...NOTHING, firingId, status: 'refused', reason: REFUSALS[verdict.because] };
    case 'stored': {
      const { state } = verdict;
      return { ...verdict, status: state === 'debounced' ? 'held' : state, of: null, dedupKey, reason };
    }
  }
}

/** Of a dead letter of which nothing is to be fired. */
export function skippedOutcome(firingId: FiringId, reason: string): FireOutcome {
  return { ...NOTHING, firingId, status: 'filtered', reason };
}

/** The outcomes of the items of one delivery as one: the first that was accepted, with the executions of all. */
export function togetherOutcome(outcomes: readonly FireOutcome[]): FireOutcome {
  const first = outcomes.find(({ status }) => status === 'accepted') ?? outcomes[0];
  if (first === undefined) throw new TriggersError('TRG_BUG_INVALID_STATE', 'A delivery has at least one item.');
  return { ...first, executionIds: outcomes.flatMap(({ executionIds }) => executionIds) };
}

/** The firing that was accepted in the place of a dead letter. @param row `undefined` when it was pruned */
export function answeredOutcome(firingId: FiringId, row: Row | undefined): FireOutcome {
  return {
    status: 'duplicate',
    of: 'letter',
    firingId,
    executionIds: JSON.parse((row?.['executions'] as string | undefined) ?? '[]') as ExecutionId[],
    dedupKey: (row?.['dedup_label'] as string | null | undefined) ?? null,
    state: (row?.['state'] as FireOutcome['state'] | undefined) ?? 'pruned',
    reason: 'answered already',
    delayedMs: 0,
  };
}

/** What everybody is told of a firing that was stored. */
export function tellStored(events: EventBus, { trigger, firingId, state, reason, executionIds }: Stored): void {
  if (state === 'accepted') events.emit('firing.accepted', { trigger, firingId, executionIds });
  else if (state === 'dead') events.emit('firing.dead', { trigger, firingId, reason: reason ?? '' });
  else if (state === 'rejected') events.emit('firing.rejected', { trigger, firingId, reason: reason ?? '' });
}

interface Stored extends Pick<FiringDraft, 'trigger' | 'state' | 'reason'> {
  readonly firingId: FiringId;
  readonly executionIds: readonly ExecutionId[];
}
