import type { FiringId } from '../model/ids.js';
import { batch, run, toDate } from './dialects/batch.js';
import type { Row, Rows, Work } from './dialects/batch.js';
import type { CommitScope } from './commit-kind.js';
import { freeKeys } from './commits/dedup-release.statements.js';
import type { Key, TakenBy } from './commits/dedup.keys.js';
import type { FiringDraft } from './commits/firing.draft.js';
import { judgedOf } from './commits/firing.duplicates.js';
import { insertExecutions, planExecutions } from './commits/firing.executions.js';
import { closeLettersOfHeld } from './commits/letter.statements.js';
import type { Closer } from './commits/letter.statements.js';
import { limitRates } from './commits/rate.statements.js';

/** The most held firings that one commit releases. */
export const HELD_BATCH = 100;
/** How long a firing is held: 7 days. */
export const MAX_HELD_MS = 7 * 86_400_000;

const RELEASABLE = batch(
  'held_releasable',
  { _name: 'text', _enabled: 'bool' },
  () => `SELECT g._name AS name FROM g LEFT JOIN triggers_trigger t ON t.name = g._name
    WHERE COALESCE(t.enabled_override, g._enabled)
      AND EXISTS (SELECT 1 FROM triggers_firing f WHERE f.trigger = g._name AND f.state = 'held')`,
);

const READ = batch(
  'held_read',
  { _name: 'text' },
  () => `SELECT f.id, f.context, f.scheduled_for, f.priority, f.dedup_space, f.dedup_key, f.dedup_scope, f.dedup_label, f.delivery_key
    FROM triggers_firing f WHERE f.trigger = (SELECT _name FROM g) AND f.state = 'held' ORDER BY f.id LIMIT ${HELD_BATCH}`,
);

/** A dead letter of a held firing forgets its key: another open one may have it. */
const RELEASE = batch(
  'held_release',
  { _id: 'text', _enabled: 'bool', _state: 'text', _reason: 'text', _executions: 'text', _open: 'int' },
  () => `UPDATE triggers_firing SET state = g._state, reason = g._reason, executions = g._executions,
      open_executions = g._open, dedup_key = CASE WHEN g._state IN ('dead', 'rejected') THEN NULL ELSE dedup_key END
    FROM g WHERE id = g._id AND state = 'held'
      AND COALESCE((SELECT t.enabled_override FROM triggers_trigger t WHERE t.name = triggers_firing.trigger), g._enabled)
    RETURNING id`,
);

/** The states of the partial index, said in its words: SQLite would walk all firings otherwise. */
const OVERDUE = batch(
  'held_overdue',
  { _before: 'instant' },
  () => `SELECT f.id, f.dedup_space, f.dedup_key, f.dedup_scope FROM triggers_firing f
    WHERE f.state = 'held' AND f.state IN ('held', 'dead', 'rejected') AND f.created_at < (SELECT _before FROM g)
    ORDER BY f.id LIMIT ${HELD_BATCH}`,
);

const EXPIRE = batch(
  'held_expire',
  { _id: 'text' },
  () => `UPDATE triggers_firing SET state = 'dead', reason = 'held for 7 days', dedup_key = NULL
    FROM g WHERE id = g._id AND state = 'held' RETURNING id`,
);

/** A firing that waits for its trigger to be enabled. */
export interface HeldFiring {
  readonly id: FiringId;
  readonly context: string;
  readonly scheduledFor: Date | null;
  readonly priority: number;
  readonly hold: FiringDraft['dedup'];
  /** The delivery that it came in, where that has another key. */
  readonly delivery: Key | null;
}

/** A held firing as the code of today judges it. */
export interface JudgedHeld extends Pick<HeldFiring, 'hold' | 'delivery'> {
  readonly draft: FiringDraft;
}

/** Which of these triggers are enabled and hold something. */
export function* findReleasable(triggers: readonly { name: string; enabled: boolean }[]): Work<readonly string[]> {
  const rows = yield* run(
    RELEASABLE,
    triggers.map(({ name, enabled }) => [name, enabled]),
  );
  return rows.map((row) => row['name'] as string);
}

/** The oldest firings that a trigger holds. */
export function* readHeld(trigger: string): Work<readonly HeldFiring[]> {
  return (yield* run(READ, [[trigger]])).map((row) => ({
    id: row['id'] as FiringId,
    context: (row['context'] as string | null) ?? '{}',
    scheduledFor: toDate(row['scheduled_for']),
    priority: Number(row['priority']),
    hold: holdOf(row),
    delivery: row['delivery_key'] === null ? null : { space: trigger, key: row['delivery_key'] as Buffer },
  }));
}

/**
 * Starts what held firings are for, or buries those that do not fit any more. Guarded by their state and the switch: what
 * another process has released, or an operator has switched off again, is left alone. The tasks are claimed by whoever
 * comes first.
 *
 * @returns the ids of those that this commit has released
 */
export function* releaseHeld(
  held: readonly JudgedHeld[],
  enabled: boolean,
  scope: CommitScope,
): Work<readonly FiringId[]> {
  const released = idsOf(
    yield* run(
      RELEASE,
      held.map(({ draft }) => releaseRow(draft, enabled)),
    ),
  );
  const mine = held.filter(({ draft }) => released.has(draft.id));
  const accepted = mine.filter(isAccepted);
  const starting = accepted.map(({ draft }) => judgedOf(draft));
  yield* limitRates(starting);
  yield* insertExecutions(planExecutions(starting, scope, 'leave'), scope);
  yield* closeLettersOfHeld(accepted.map(closerOf));
  yield* freeKeys(mine.filter((one) => !isAccepted(one)).flatMap(keysOf));
  return [...released];
}

/** Buries firings that were held for too long; returns how many. Windows of their keys stay. */
export function* expireHeld(): Work<number> {
  const rows = yield* run(OVERDUE, [[-MAX_HELD_MS]]);
  const expired = idsOf(
    yield* run(
      EXPIRE,
      rows.map((row) => [row['id']]),
    ),
  );
  yield* freeKeys(
    rows.flatMap((row) => {
      const hold = holdOf(row);
      const firingId = row['id'] as FiringId;
      return expired.has(firingId) && hold?.scope === 'running' ? [{ hold, firingId }] : [];
    }),
  );
  return expired.size;
}

function isAccepted({ draft }: JudgedHeld): boolean {
  return draft.state === 'accepted';
}

/** As if it had been accepted when it came: it closes the letters of its own key, and of its delivery. */
function closerOf({ draft: { id, closes }, delivery }: JudgedHeld): Closer {
  return { id, closes: delivery === null ? closes : [...closes, delivery] };
}

/** What it has taken: its own key, and perhaps that of its delivery. */
function keysOf({ draft, hold, delivery }: JudgedHeld): TakenBy[] {
  return [hold ?? [], delivery ?? []].flat().map((key) => ({ hold: key, firingId: draft.id }));
}

function idsOf(rows: Rows): ReadonlySet<FiringId> {
  return new Set(rows.map((row) => row['id'] as FiringId));
}

function holdOf(row: Row): HeldFiring['hold'] {
  const [key, scope] = [row['dedup_key'] as Buffer | null, row['dedup_scope']];
  if (key === null || scope === null) return null;
  return {
    space: row['dedup_space'] as string,
    key,
    label: (row['dedup_label'] as string | null) ?? '',
    scope: scope as 'running' | 'window' | 'ever',
    cooldown: false,
    windowMs: null,
    replay: false,
  };
}

function releaseRow({ id, state, reason, executions }: FiringDraft, enabled: boolean): unknown[] {
  return [id, enabled, state, reason, JSON.stringify(executions.map((execution) => execution.id)), executions.length];
}
