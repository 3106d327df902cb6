import type { Work } from '../dialects/batch.js';
import { contend, freeKeys, keyOf } from './dedup.statements.js';
import type { DedupWish, FiringDraft, FiringVerdict } from './firing.draft.js';

/** A draft on its way through the commit. */
export interface Judged {
  draft: FiringDraft;
  verdict: FiringVerdict | null;
  /** The firing of this group that has the same key and decides for this one too. */
  repeats: { readonly first: Judged; readonly of: 'dedup' | 'idempotency' } | null;
  delayMs: number;
}

/** Nothing has been said about it yet: it will be stored. */
export function isUndecided({ verdict, repeats }: Judged): boolean {
  return verdict === null && repeats === null;
}

/** First the sender's idempotency keys, then the dedup keys; a duplicate by the second gives the first back. */
export function* refuseDuplicates(judged: readonly Judged[]): Work<void> {
  yield* refuseTaken(judged, 'idempotency');
  yield* refuseTaken(judged.filter(isUndecided), 'dedup');
  const refused = judged.filter(
    ({ verdict, repeats }) => repeats?.of === 'dedup' || (verdict?.status === 'duplicate' && verdict.of === 'dedup'),
  );
  yield* freeKeys(
    refused.flatMap(({ draft }) => (draft.idempotency ? [{ hold: draft.idempotency, firingId: draft.id }] : [])),
  );
}

function* refuseTaken(judged: readonly Judged[], of: 'dedup' | 'idempotency'): Work<void> {
  const first = new Map<string, { readonly item: Judged; readonly wish: DedupWish }>();
  for (const item of judged) {
    const wish = item.draft[of];
    if (wish === null) continue;
    const key = keyOf(wish);
    const before = first.get(key);
    if (before === undefined) first.set(key, { item, wish });
    else item.repeats = { first: before.item, of };
  }
  const holders = yield* contend([...first.values()].map(({ item, wish }) => ({ wish, firingId: item.draft.id })));
  for (const [key, holder] of holders) {
    const lost = first.get(key);
    if (lost !== undefined) lost.item.verdict = { status: 'duplicate', of, ...holder };
  }
}

/** An equal key in the same group: the first of them decides for all. */
export function repeatOf({ draft, verdict }: Judged, of: 'dedup' | 'idempotency'): FiringVerdict {
  if (verdict !== null) return verdict;
  const { id, state, executions } = draft;
  return {
    status: 'duplicate',
    of,
    firingId: id,
    state,
    executionIds: executions.map((execution) => execution.id),
    coolingDownUntil: null,
  };
}
