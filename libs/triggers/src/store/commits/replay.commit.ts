import type { ExecutionId, FiringId } from '../../model/ids.js';
import { hasEnded } from '../../model/states.js';
import type { ExecutionState } from '../../model/states.js';
import { COMMIT_ORDER } from '../commit-kind.js';
import type { CommitKind, CommitScope } from '../commit-kind.js';
import { batch, run, send } from '../dialects/batch.js';
import type { Row, SqlWords, Work } from '../dialects/batch.js';
import { commitFiringsOfEach, firingBytes } from './firing.commit.js';
import type { FiringDraft, FiringVerdict } from './firing.draft.js';

const ID = { _id: 'text' } as const;

/** Locked, so that of several operators one replays; who waited for the lock sees what the other has made of it. */
const lockOf = ({ forUpdate }: SqlWords): string => (forUpdate === '' ? '' : `${forUpdate} OF r`);

const LOOK_AT_LETTERS = batch(
  'replay_letters',
  ID,
  (words) => `SELECT r.id, r.closed_at, r.closed_by FROM g JOIN triggers_firing r ON r.id = g._id
    WHERE r.state IN ('dead', 'rejected') ORDER BY r.id ${lockOf(words)}`,
);

const LOOK_AT_EXECUTIONS = batch(
  'replay_executions',
  ID,
  (words) => `SELECT r.id, r.state, r.closed_at, r.closed_by FROM g JOIN triggers_execution r ON r.id = g._id
    ORDER BY r.id ${lockOf(words)}`,
);

const CLOSE_LETTER = batch(
  'replay_close_letter',
  { ...ID, _by: 'text' },
  ({ now }) => `UPDATE triggers_firing SET closed_at = ${now}, closed_by = g._by FROM g
    WHERE id = g._id AND closed_by IS NULL`,
);

const CLOSE_EXECUTION = batch(
  'replay_close_execution',
  { ...ID, _by: 'text' },
  ({ now }) => `UPDATE triggers_execution SET closed_at = ${now}, closed_by = g._by FROM g
    WHERE id = g._id AND state IN ('failed', 'cancelled') AND closed_by IS NULL`,
);

/** What is fired again: a dead letter, or an execution that has ended. */
export type Replayed =
  | { readonly kind: 'firing'; readonly id: FiringId }
  /** `once`: as a dead letter, which is answered once; without it as often as somebody asks. */
  | { readonly kind: 'execution'; readonly id: ExecutionId; readonly once: boolean };

/** A replay: what it is of, and what it fires. */
export interface ReplayItem {
  readonly of: Replayed;
  readonly drafts: readonly FiringDraft[];
}

/** What became of it. */
export type ReplayOutcome =
  | { readonly status: 'replayed'; readonly verdicts: readonly FiringVerdict[] }
  /** Nothing was fired: it was answered before, by this firing, or discarded; or its execution runs again (`null`). */
  | { readonly status: 'over'; readonly closedBy: FiringId | null };

/** Replays: what is replayed is closed by the commit of what it fires. Of several at once one fires. */
export const REPLAY: CommitKind<ReplayItem, ReplayOutcome> = {
  name: 'replay',
  order: COMMIT_ORDER.replay,
  bytes: ({ drafts }) => drafts.reduce((sum, draft) => sum + firingBytes(draft), 300),
  run: commitReplays,
};

function* commitReplays(items: readonly ReplayItem[], scope: CommitScope): Work<readonly ReplayOutcome[]> {
  const rows = yield* look(items);
  const leads = new Map<string, ReplayItem>();
  for (const item of items) {
    const isFree = mayReplay(item, rows.get(item.of.id), scope.repeated);
    if (isFree && !(isOnce(item) && leads.has(item.of.id))) leads.set(nameOf(item), item);
  }
  const firing = [...leads.values()];
  const verdicts = yield* commitFiringsOfEach(
    firing.map(({ drafts }) => drafts),
    scope,
  );
  const own = new Map(firing.map((item, at) => [item, verdicts[at] ?? []]));
  yield* close([...own]);
  return items.map((item): ReplayOutcome => {
    const found = own.get(item);
    if (found !== undefined) return { status: 'replayed', verdicts: found };
    const faster = leads.get(item.of.id);
    const answer = faster === undefined ? undefined : answerTo(item.of, own.get(faster) ?? []);
    return { status: 'over', closedBy: answer ?? (rows.get(item.of.id)?.['closed_by'] as FiringId | null) ?? null };
  });
}

/** Letters are answered once; other replays of one execution are each one of its own. */
function isOnce({ of }: ReplayItem): boolean {
  return of.kind === 'firing' || of.once;
}

function nameOf(item: ReplayItem): string {
  return isOnce(item) ? item.of.id : `${item.of.id} ${item.drafts[0]?.id ?? ''}`;
}

function* look(items: readonly ReplayItem[]): Work<ReadonlyMap<string, Row>> {
  const rows = [...(yield* run(LOOK_AT_LETTERS, idsOf(items, 'firing')))];
  rows.push(...(yield* run(LOOK_AT_EXECUTIONS, idsOf(items, 'execution'))));
  return new Map(rows.map((row) => [row['id'] as string, row]));
}

function idsOf(items: readonly ReplayItem[], kind: Replayed['kind']): unknown[][] {
  const ids = items.flatMap(({ of }) => (of.kind === kind ? [of.id] : []));
  return [...new Set<string>(ids)].sort().map((id) => [id]);
}

/** An earlier try of this commit, whose outcome nobody knew, may have closed it. */
function mayReplay(item: ReplayItem, row: Row | undefined, isRepeated: boolean): boolean {
  if (row === undefined) return false;
  if (isRepeated && item.drafts.some(({ id }) => id === row['closed_by'])) return true;
  if (item.of.kind === 'firing') return row['closed_at'] === null;
  const state = row['state'] as ExecutionState;
  return item.of.once ? state === 'failed' && row['closed_at'] === null : hasEnded(state);
}

/** What was accepted closes it, now or before, unless something of it has yet to come. */
function* close(replays: readonly (readonly [ReplayItem, readonly FiringVerdict[]])[]): Work<void> {
  const closed = (kind: Replayed['kind']): unknown[][] =>
    replays
      .flatMap(([{ of }, verdicts]) => {
        const by = answerTo(of, verdicts);
        return of.kind === kind && by !== undefined && !verdicts.some(isLimited) ? [[of.id, by] as const] : [];
      })
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map((row) => [...row]);
  yield* send(CLOSE_LETTER, closed('firing'));
  yield* send(CLOSE_EXECUTION, closed('execution'));
}

function acceptedOf(verdicts: readonly FiringVerdict[]): FiringId | undefined {
  for (const verdict of verdicts)
    if (verdict.status === 'stored' && verdict.state === 'accepted') return verdict.firingId;
  return undefined;
}

/** A failed execution is answered by what runs instead, a dead letter also by what was accepted before. */
function answerTo({ kind }: Replayed, verdicts: readonly FiringVerdict[]): FiringId | undefined {
  const accepted = acceptedOf(verdicts);
  return kind === 'execution' ? accepted : (accepted ?? verdicts.find(isAnswered)?.firingId);
}

function isAnswered(verdict: FiringVerdict): verdict is Extract<FiringVerdict, { status: 'duplicate' }> {
  return verdict.status === 'duplicate' && (verdict.state === 'accepted' || verdict.state === 'pruned');
}

function isLimited({ status }: FiringVerdict): boolean {
  return status === 'limited';
}
