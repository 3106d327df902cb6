import { COMMIT_ORDER } from '../commit-kind.js';
import type { CommitKind, CommitScope } from '../commit-kind.js';
import { run, send } from '../dialects/batch.js';
import type { Rows, Work } from '../dialects/batch.js';
import { lockKeys, unlockKeys } from './dedup.statements.js';
import { freeKeys } from './dedup-release.statements.js';
import type { HeldBy } from './dedup.keys.js';
import type { FiringDraft, FiringVerdict } from './firing.draft.js';
import { isUndecided, judgedOf, refuseDuplicates, rememberDeliveries, repeatOf } from './firing.duplicates.js';
import type { Judged } from './firing.duplicates.js';
import { insertExecutions, planExecutions, tellClaimed } from './firing.executions.js';
import { keysAhead } from './firing.keys.js';
import { firingRow } from './firing.row.js';
import { INSERT_FIRING, STORED_BEFORE } from './firing.statements.js';
import { closeLetters, insertLetters, isLetter, freeKeysOfReplayed, refuseAnswered } from './letter.statements.js';
import { limitRates } from './rate.statements.js';
import { askSwitches, obeySwitches } from './switch.statements.js';

/** Firings with their executions and tasks; everything between "not a duplicate" and "its first tasks are claimed". */
export const FIRING: CommitKind<FiringDraft, FiringVerdict> = {
  name: 'firing',
  order: COMMIT_ORDER.firing,
  bytes: firingBytes,
  run: commitFirings,
};

/** The parameters of a firing, roughly, in bytes. */
export function firingBytes(draft: FiringDraft): number {
  return (
    600 +
    (draft.context?.length ?? 0) +
    (draft.letter?.payload ?? draft.payload ?? '').length +
    draft.executions.length * 400
  );
}

/**
 * [keys locked in their order →] dedup → switch → rate limit → insert → close, each by one statement for the whole group. The switch is
 * read behind the dedup keys, in one round trip with them.
 *
 * @param deliveries which of the drafts are taken together or not at all; in their order, and every draft in one. @default each for itself
 */
export function* commitFirings(
  drafts: readonly FiringDraft[],
  scope: CommitScope,
  deliveries: readonly (readonly FiringDraft[])[] = [],
): Work<readonly FiringVerdict[]> {
  const judged = deliveries.length === 0 ? drafts.map((draft) => judgedOf(draft)) : deliveries.flatMap(judgedTogether);
  if (scope.repeated) {
    yield* recogniseStored(judged);
    refuseTogether(judged);
  }
  const switches = yield* askSwitches(judged.filter(isUndecided));
  const locked = keysAhead(drafts);
  yield* lockKeys(locked);
  yield* freeKeysOfReplayed(judged.filter(isUndecided));
  yield* refuseDuplicates(judged.filter(isUndecided));
  yield* rememberDeliveries(judged);
  yield* refuseAnswered(judged);
  const fresh = judged.filter(isUndecided);
  yield* obeySwitches(fresh, switches);
  refuseTogether(fresh);
  yield* limitRates(fresh);
  refuseTogether(fresh);
  yield* keepNoKeyOfRefused(fresh);
  const kept = fresh.filter(leavesRecord);
  yield* insertLetters(kept.filter(isLetter));
  yield* insert(
    kept.filter((item) => !isLetter(item)),
    scope,
  );
  yield* closeLetters(kept.flatMap(({ draft }) => (draft.state === 'accepted' ? [draft] : [])));
  yield* unlockKeys(locked);
  return judged.map(verdictOf);
}

/** As {@link commitFirings}, for drafts that belong to something: the verdicts on those of each. */
export function* commitFiringsOfEach(
  groups: readonly (readonly FiringDraft[])[],
  scope: CommitScope,
  deliveries?: readonly (readonly FiringDraft[])[],
): Work<readonly (readonly FiringVerdict[])[]> {
  const verdicts = yield* commitFirings(groups.flat(), scope, deliveries);
  let at = 0;
  return groups.map(({ length }) => verdicts.slice(at, (at += length)));
}

function judgedTogether(drafts: readonly FiringDraft[]): readonly Judged[] {
  const delivery: Judged[] = [];
  for (const draft of drafts) delivery.push(judgedOf(draft, delivery));
  return delivery;
}

/** What refuses one of a delivery refuses all of it that would be stored. */
function refuseTogether(fresh: readonly Judged[]): void {
  for (const item of fresh) {
    const refused = item.verdict ?? item.delivery?.find(isRefused)?.verdict;
    if (refused != null) item.verdict = refused;
  }
}

/** What is dropped beyond the limit is nobody's to send again. */
function isRefused({ draft, verdict }: Judged): boolean {
  return verdict?.status === 'refused' || (verdict?.status === 'limited' && draft.rate?.onLimit !== 'skip');
}

/** One record says that a delivery was limited. */
function leavesRecord(item: Judged): boolean {
  if (item.verdict === null) return true;
  return item.verdict.status !== 'refused' && (item.delivery?.find(isRefused) ?? item) === item;
}

/** The states of those that an earlier try has stored, by their ids. */
export function* storedBefore(drafts: readonly FiringDraft[]): Work<ReadonlyMap<unknown, unknown>> {
  const rows = yield* run(
    STORED_BEFORE,
    drafts.map(({ id }) => [id]),
  );
  return new Map(rows.map((row) => [row['id'], row['state']]));
}

/** What an earlier try has stored may have ended since and given its key back: it must not take it again. */
function* recogniseStored(judged: readonly Judged[]): Work<void> {
  const states = yield* storedBefore(judged.map(({ draft }) => draft));
  for (const item of judged) {
    const state = states.get(item.draft.id);
    if (state === undefined) continue;
    const wasLimited = state === 'limited' && item.draft.state !== 'limited';
    item.verdict = wasLimited ? { status: 'limited', retryAfterMs: 0 } : stored(item.draft, item.delayMs);
  }
}

function verdictOf({ draft, verdict, repeats, delayMs }: Judged): FiringVerdict {
  return verdict ?? (repeats === null ? stored(draft, delayMs) : repeatOf(repeats.first, repeats.of));
}

/** What was refused keeps no key: the sender was told to come again. A limited firing leaves a record. */
function* keepNoKeyOfRefused(fresh: readonly Judged[]): Work<void> {
  const refused = fresh.filter(({ verdict }) => verdict !== null);
  yield* freeKeys(refused.flatMap(heldKeys));
  for (const item of refused) {
    item.draft = {
      ...item.draft,
      state: 'limited',
      reason: 'rate limit',
      dedup: null,
      idempotency: null,
      delivery: null,
      payload: null,
      executions: [],
    };
  }
}

function heldKeys({ draft }: Judged): HeldBy[] {
  return [draft.idempotency, draft.dedup, draft.delivery].flatMap((hold) =>
    hold === null ? [] : [{ hold, firingId: draft.id }],
  );
}

function stored(draft: FiringDraft, delayedMs: number): FiringVerdict {
  return {
    status: 'stored',
    state: draft.state,
    firingId: draft.id,
    executionIds: draft.executions.map(({ id }) => id),
    delayedMs,
  };
}

/** A firing that is there already was committed by an earlier try, with its executions; nothing of it is claimed again. */
function* insert(judged: readonly Judged[], scope: CommitScope): Work<void> {
  const rows = judged.map(({ draft }) => firingRow(draft));
  if (scope.repeated) {
    // What was refused then may pass now: it adds no executions to a firing that is there without them.
    const fresh = idsOf(yield* run(INSERT_FIRING, rows));
    const plans = planExecutions(
      judged.filter(({ draft }) => fresh.has(draft.id)),
      scope,
    );
    yield* insertExecutions(plans, scope);
    for (const planned of plans) tellClaimed(planned, scope);
  } else {
    const plans = planExecutions(judged, scope);
    yield* send(INSERT_FIRING, rows, (inserted) => {
      const fresh = idsOf(inserted);
      for (const planned of plans) if (fresh.has(planned.draft.id)) tellClaimed(planned, scope);
    });
    yield* insertExecutions(plans, scope);
  }
}

function idsOf(rows: Rows): ReadonlySet<unknown> {
  return new Set(rows.map((row) => row['id']));
}
