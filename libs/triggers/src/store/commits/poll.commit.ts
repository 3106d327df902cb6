import type { FiringId, NodeId } from '../../model/ids.js';
import { COMMIT_ORDER } from '../commit-kind.js';
import type { CommitKind, CommitScope } from '../commit-kind.js';
import { batch, run, send } from '../dialects/batch.js';
import type { Row, Work } from '../dialects/batch.js';
import type { TickRow } from '../entities/rows.js';
import { commitFirings, firingBytes, storedBefore } from './firing.commit.js';
import type { FiringDraft, FiringVerdict } from './firing.draft.js';

/** What a poll counted since its last write. */
export interface PollCounts {
  readonly polls: number;
  readonly skips: number;
  readonly duplicates: number;
  readonly failures: number;
}

/** A run of equal outcomes; written again under the same id while it grows. */
export interface TickDraft {
  readonly id: string;
  readonly outcome: TickRow['outcome'];
  readonly reason: string | null;
  readonly count: number;
  /** How long ago the first and the last of them were, in ms. */
  readonly firstAgoMs: number;
  readonly lastAgoMs: number;
  readonly durationMs: number;
}

/** What a poll wants to write: its firings, its cursor and its clock, all or nothing. */
export interface PollItem {
  readonly trigger: string;
  readonly owner: NodeId;
  readonly epoch: number;
  /** As the poll saw it when it began; an operator's edit raises it. */
  readonly cursorVersion: number;
  /** Whether the code says that the trigger is on; an operator's switch goes before. */
  readonly declaredEnabled: boolean;
  /** JSON; `undefined` leaves the cursor. */
  readonly cursor: string | undefined;
  readonly drafts: readonly FiringDraft[];
  readonly counts: PollCounts;
  readonly consecutiveFailures: number;
  readonly lastError: string | null;
  /** Becomes suspended with this write. */
  readonly suspends: boolean;
  readonly lastPollAgoMs: number;
  readonly ticks: readonly TickDraft[];
  /** Written also when nothing fired and the cursor stays; otherwise such a poll writes nothing. */
  readonly flush: boolean;
  /**
   * Nothing but counts of polls that are over: written also when the trigger was switched off since. No poll of it may be
   * on its way meanwhile. Default: `false`.
   */
  readonly countsOnly?: boolean;
}

/** What became of it. */
export type PollOutcome =
  | { readonly status: 'committed'; readonly wrote: boolean; readonly verdicts: readonly FiringVerdict[] }
  /** Owner, cursor or switch changed meanwhile: nothing was written. */
  | { readonly status: 'superseded' };

const GUARD = batch(
  'poll_guard',
  { _name: 'text', _owner: 'text', _epoch: 'int', _version: 'int', _enabled: 'bool', _counts: 'bool' },
  ({
    forUpdate,
  }) => `SELECT t.name, t.owner, t.epoch, t.cursor_version FROM g JOIN triggers_trigger t ON t.name = g._name
    WHERE t.owner = g._owner AND t.epoch = g._epoch AND t.cursor_version = g._version
      AND (g._counts OR COALESCE(t.enabled_override, g._enabled))
    ORDER BY t.name ${forUpdate === '' ? '' : `${forUpdate} OF t`}`,
);

const WRITE = batch(
  'poll_write',
  {
    _name: 'text',
    _moved: 'bool',
    _cursor: 'text',
    _polls: 'int',
    _fires: 'int',
    _skips: 'int',
    _duplicates: 'int',
    _failures: 'int',
    _consecutive: 'int',
    _error: 'text',
    _suspends: 'bool',
    _polled: 'instant',
    _fired: 'bool',
  },
  ({ now }) => `UPDATE triggers_trigger SET
      cursor = CASE WHEN g._moved THEN g._cursor ELSE cursor END,
      polls = polls + g._polls, fires = fires + g._fires, skips = skips + g._skips,
      duplicates = duplicates + g._duplicates, failures = failures + g._failures,
      consecutive_failures = g._consecutive, last_error = g._error,
      suspended_at = CASE WHEN g._suspends THEN ${now} ELSE suspended_at END,
      last_poll_at = g._polled, last_fire_at = CASE WHEN g._fired THEN ${now} ELSE last_fire_at END
    FROM g WHERE name = g._name`,
);

const WRITE_TICK = batch(
  'tick_write',
  {
    _id: 'text',
    _trigger: 'text',
    _first: 'instant',
    _last: 'instant',
    _count: 'int',
    _outcome: 'text',
    _reason: 'text',
    _duration: 'int',
    _firings: 'text',
  },
  () => `INSERT INTO triggers_tick (id, trigger, at, last_at, count, outcome, reason, duration_ms, firing_ids)
    SELECT _id, _trigger, _first, _last, _count, _outcome, _reason, _duration, _firings FROM g WHERE true
    ON CONFLICT (id) DO UPDATE SET last_at = excluded.last_at, count = excluded.count, duration_ms = excluded.duration_ms,
      outcome = excluded.outcome, reason = excluded.reason, firing_ids = excluded.firing_ids`,
);

const TICKS_THERE = batch(
  'tick_there',
  { _id: 'text', _count: 'int' },
  () => `SELECT t.id FROM g JOIN triggers_tick t ON t.id = g._id WHERE t.count >= g._count`,
);

/** Results of polls. Guarded by owner, epoch, cursor version and switch, so that of two overlapping polls one counts. */
export const POLL: CommitKind<PollItem, PollOutcome> = {
  name: 'poll',
  order: COMMIT_ORDER.poll,
  bytes: ({ drafts, cursor }) => drafts.reduce((sum, draft) => sum + firingBytes(draft), 500 + (cursor?.length ?? 0)),
  run: commitPolls,
};

function* commitPolls(items: readonly PollItem[], scope: CommitScope): Work<readonly PollOutcome[]> {
  const guards = [...items]
    .sort((a, b) => (a.trigger < b.trigger ? -1 : 1))
    .map((item) => [
      item.trigger,
      item.owner,
      item.epoch,
      item.cursorVersion,
      item.declaredEnabled,
      item.countsOnly === true,
    ]);
  const held = new Map((yield* run(GUARD, guards)).map((row) => [row['name'], row]));
  const valid = items.filter((item) => isHeld(item, held.get(item.trigger)));
  const drafts = valid.flatMap((item) => item.drafts);
  const before = scope.repeated ? new Set((yield* storedBefore(drafts)).keys()) : NOTHING;
  const verdicts = yield* commitFirings(drafts, scope);
  let at = 0;
  const judged = new Map(valid.map((item) => [item, verdicts.slice(at, (at += item.drafts.length))]));
  const writing = valid
    .map((item) => ({
      item,
      firingIds: storedIds(judged.get(item) ?? []),
      duplicates: countDuplicates(judged.get(item) ?? []),
    }))
    .filter(isWorthWriting);
  const there = scope.repeated ? yield* writtenBefore(writing) : NOTHING;
  const owed = writing.flatMap((one) => (there.has(one.item.ticks.at(-1)?.id) ? sinceThen(one, before) : one));
  yield* send(WRITE, owed.map(triggerRow));
  yield* send(WRITE_TICK, writing.flatMap(tickRows));
  const wrote = new Set(writing.map(({ item }) => item));
  return items.map((item) => {
    const own = judged.get(item);
    return own === undefined
      ? { status: 'superseded' }
      : { status: 'committed', wrote: wrote.has(item), verdicts: own };
  });
}

/** Two polls of one trigger may meet in a group after its owner has changed: a name alone says nothing. */
function isHeld({ owner, epoch, cursorVersion }: PollItem, row: Row | undefined): boolean {
  return row?.['owner'] === owner && Number(row['epoch']) === epoch && Number(row['cursor_version']) === cursorVersion;
}

const NOTHING: ReadonlySet<unknown> = new Set();

/** Ticks that an earlier try has written, with the counts that belong to them: what is counted once must not be added again. */
function* writtenBefore(writing: readonly Writing[]): Work<ReadonlySet<unknown>> {
  const last = writing.flatMap(({ item }) => item.ticks.slice(-1));
  const rows = yield* run(
    TICKS_THERE,
    last.map(({ id, count }) => [id, count]),
  );
  return new Set(rows.map((row) => row['id']));
}

/** What a poll that was written before has to write: firings that were duplicates then, and were counted as such. */
function sinceThen({ item, firingIds }: Writing, before: ReadonlySet<unknown>): Writing[] {
  const late = firingIds.filter((id) => !before.has(id));
  const counts = { polls: 0, skips: 0, duplicates: 0, failures: 0 };
  return late.length === 0 ? [] : [{ item: { ...item, counts }, firingIds: late, duplicates: -late.length }];
}

interface Writing {
  readonly item: PollItem;
  readonly firingIds: readonly FiringId[];
  readonly duplicates: number;
}

function isWorthWriting({ item, firingIds }: Writing): boolean {
  return item.flush || item.cursor !== undefined || firingIds.length > 0;
}

function storedIds(verdicts: readonly FiringVerdict[]): FiringId[] {
  return verdicts.flatMap((verdict) => (verdict.status === 'stored' ? [verdict.firingId] : []));
}

function countDuplicates(verdicts: readonly FiringVerdict[]): number {
  return verdicts.filter(({ status }) => status === 'duplicate').length;
}

function triggerRow({ item, firingIds, duplicates }: Writing): unknown[] {
  const { counts } = item;
  return [
    item.trigger,
    item.cursor !== undefined,
    item.cursor ?? null,
    counts.polls,
    firingIds.length,
    counts.skips,
    counts.duplicates + duplicates,
    counts.failures,
    item.consecutiveFailures,
    item.lastError,
    item.suspends,
    -item.lastPollAgoMs,
    firingIds.length > 0,
  ];
}

function tickRows({ item, firingIds }: Writing): unknown[][] {
  return item.ticks.map((tick) => {
    // Whether something new was found is known only now.
    const repeats = tick.outcome === 'fired' && firingIds.length === 0;
    return [
      tick.id,
      item.trigger,
      -tick.firstAgoMs,
      -tick.lastAgoMs,
      tick.count,
      repeats ? 'skipped' : tick.outcome,
      repeats ? 'duplicate' : tick.reason,
      Math.round(tick.durationMs),
      JSON.stringify(tick.outcome === 'fired' ? firingIds : []),
    ];
  });
}
