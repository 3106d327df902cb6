import type { FiringId } from '../../model/ids.js';
import type { Work } from '../dialects/batch.js';
import { keyOf } from './dedup.keys.js';
import { contend, take } from './dedup.statements.js';
import { freeKeys } from './dedup-release.statements.js';
import type { HeldBy } from './dedup.keys.js';
import type { Contender } from './dedup.statements.js';
import type { DedupWish, DuplicateOf, FiringDraft, FiringVerdict } from './firing.draft.js';

type KeyKind = 'dedup' | 'idempotency';

/** A draft on its way through the commit. */
export interface Judged {
  draft: FiringDraft;
  verdict: FiringVerdict | null;
  /** The firing of this group that has the same key and decides for this one too. */
  repeats: { readonly first: Judged; readonly of: KeyKind } | null;
  delayMs: number;
  /** What it came together with, itself included, where all of that is taken or nothing. */
  readonly delivery?: readonly Judged[];
}

/** A draft at its beginning. @param delivery what it came together with */
export function judgedOf(draft: FiringDraft, delivery?: readonly Judged[]): Judged {
  const judged: Judged = { draft, verdict: null, repeats: null, delayMs: draft.runAfterMs };
  return delivery === undefined ? judged : { ...judged, delivery };
}

/** Nothing has been said about it yet: it will be stored. */
export function isUndecided({ verdict, repeats }: Judged): boolean {
  return verdict === null && repeats === null;
}

/**
 * Decides as if the firings came one after the other: first the sender's idempotency key, then the dedup key; a duplicate by
 * the second gives the first back. Of equal keys in a group the first contends; what its verdict says of the others is
 * said at once, and only who may still win (a replay, other keys besides) contends in another round.
 */
export function* refuseDuplicates(judged: readonly Judged[]): Work<void> {
  const winners = new Map<FiringId, Judged>();
  for (let open = judged; open.length > 0;) {
    const { leading, behind, leads } = inOrder(open);
    yield* refuseTaken(leading, 'idempotency', winners);
    yield* refuseTaken(leading.filter(isUndecided), 'dedup', winners);
    yield* freeKeys(leading.flatMap(keptInVain));
    for (const item of leading) if (isUndecided(item)) winners.set(item.draft.id, item);
    open = behind.filter((item) => !followsFrom(item, leads));
  }
}

/**
 * What will be accepted takes the key of its delivery as well, if that is free. Nothing is refused for it: the items of a delivery, and what
 * its sender adds to it later, are told by keys of their own.
 */
export function* rememberDeliveries(judged: readonly Judged[]): Work<void> {
  const first = new Map<string, Contender>();
  for (const { draft } of judged.filter(isUndecided)) {
    const { delivery: wish, id: firingId } = draft;
    if (wish !== null && !first.has(keyOf(wish))) first.set(keyOf(wish), { wish, firingId });
  }
  yield* take([...first].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, contender]) => contender));
}

/** Who is the first with all of its keys, by those keys; and who comes after somebody. */
function inOrder(open: readonly Judged[]) {
  const leads = new Map<string, Judged>();
  const [leading, behind]: [Judged[], Judged[]] = [[], []];
  const seen = new Set<string>();
  for (const item of open) {
    const keys = wishesOf(item).map(keyOf);
    const isFirst = !keys.some((key) => seen.has(key));
    (isFirst ? leading : behind).push(item);
    for (const key of keys) {
      seen.add(key);
      if (isFirst) leads.set(key, item);
    }
  }
  return { leading, behind, leads };
}

function wishesOf({ draft }: Judged): DedupWish[] {
  return (['idempotency', 'dedup'] as const).map((of) => wishOf(draft, of)).filter((wish) => wish !== null);
}

/** What it contends for: a replay takes no windows. */
function wishOf(draft: FiringDraft, of: KeyKind): DedupWish | null {
  const wish = draft[of];
  return wish?.replay === true && wish.scope !== 'running' ? null : wish;
}

function* refuseTaken(judged: readonly Judged[], of: KeyKind, winners: ReadonlyMap<FiringId, Judged>): Work<void> {
  const first = new Map<string, Judged>();
  const contenders: Contender[] = [];
  for (const item of judged) {
    const wish = wishOf(item.draft, of);
    if (wish === null) continue;
    first.set(keyOf(wish), item);
    contenders.push({ wish, firingId: item.draft.id });
  }
  for (const [key, holder] of yield* contend(contenders)) {
    const lost = first.get(key);
    if (lost === undefined) continue;
    const winner = winners.get(holder.firingId);
    if (winner === undefined) lost.verdict = { status: 'duplicate', of, ...holder };
    else lost.repeats = { first: winner, of };
  }
}

/** A duplicate by its dedup key has no use for the idempotency key that it took before. */
function keptInVain(item: Judged): HeldBy[] {
  const { id, idempotency } = item.draft;
  return lostBy(item) === 'dedup' && idempotency !== null ? [{ hold: idempotency, firingId: id }] : [];
}

/**
 * Whether the verdict on the first firing with one of its keys says all about this one; then it is said. A replay may take
 * what others may not, and a second key may still win or lose by itself.
 */
function followsFrom(item: Judged, leads: ReadonlyMap<string, Judged>): boolean {
  const { idempotency, dedup } = item.draft;
  const of: KeyKind = idempotency === null ? 'dedup' : 'idempotency';
  const first = leads.get(nameOf(item.draft[of]) ?? '');
  if (first === undefined || dedup?.replay === true || first.draft.dedup?.replay === true) return false;
  if (isUndecided(first)) item.repeats = { first, of };
  else if (nameOf(first.draft.dedup) !== nameOf(dedup) || (of === 'dedup' && lostBy(first) !== 'dedup')) return false;
  else [item.repeats, item.verdict] = [first.repeats, first.verdict];
  return true;
}

function lostBy({ repeats, verdict }: Judged): DuplicateOf | null {
  return repeats?.of ?? (verdict?.status === 'duplicate' ? verdict.of : null);
}

function nameOf(wish: DedupWish | null): string | null {
  return wish && keyOf(wish);
}

/** An equal key in the same group: the first of them decides for all. */
export function repeatOf({ draft, verdict }: Judged, of: KeyKind): FiringVerdict {
  if (verdict !== null) return verdict.status === 'duplicate' ? { ...verdict, of } : verdict;
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
