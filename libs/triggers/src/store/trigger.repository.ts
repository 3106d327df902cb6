import type { NodeId } from '../model/ids.js';
import type { SourceKind } from '../model/states.js';
import { batch, run, toDate } from './dialects/batch.js';
import type { Batch, Row, Work } from './dialects/batch.js';
import type { FollowRule } from './followers.js';
import { livingNode } from './node.repository.js';
import { renameTriggers } from './trigger-rename.repository.js';

/** A trigger that this process declares. */
export interface TriggerDeclaration {
  readonly name: string;
  readonly kind: SourceKind;
  /** Former names; the row of the first that exists is carried over, with its keys and with what waits. */
  readonly aliases: readonly string[];
  /** The ends of executions that it follows, if that is what it does. */
  readonly follows?: FollowRule | undefined;
  /** What the code says; an operator goes before it. @default true */
  readonly enabled?: boolean;
}

/** What is stored of a trigger. */
export interface TriggerRecord {
  readonly name: string;
  /** Whether this node owns it. */
  readonly mine: boolean;
  readonly epoch: number;
  /** The living node that asks the owner to hand it over. */
  readonly wantedBy: NodeId | null;
  readonly cursorVersion: number;
  readonly cursor: string | null;
  readonly enabledOverride: boolean | null;
  readonly intervalOverrideMs: number | null;
  readonly consecutiveFailures: number;
  readonly lastError: string | null;
  readonly suspendedAt: Date | null;
  readonly lastPollAt: Date | null;
  /** By the clock that rules the rows. */
  readonly lastPollAgoMs: number | null;
  readonly lastFireAt: Date | null;
  /** When it was declared first, under whatever name. */
  readonly firstSeenAt: Date;
}

/** The columns that {@link recordOf} reads, with {@link wantedBy} and the present. */
export const TRIGGER_COLUMNS = `name, owner, epoch, cursor_version, cursor, enabled_override, interval_override_ms, consecutive_failures,
  last_error, suspended_at, last_poll_at, last_fire_at, first_seen_at`;

/** The node in that column if it lives. */
export function wantedBy(column: string, now: string): string {
  return `CASE WHEN ${livingNode(column, now)} THEN ${column} END AS wanted_by`;
}

const EXISTING = batch(
  'trigger_existing',
  { _name: 'text' },
  () => `SELECT name FROM triggers_trigger WHERE name IN (SELECT _name FROM g)`,
);

const DECLARE = batch(
  'trigger_declare',
  { _name: 'text', _kind: 'text', _follows: 'text' },
  ({ now }) => `INSERT INTO triggers_trigger (name, kind, follows, first_seen_at, seen_at)
    SELECT _name, _kind, _follows, ${now}, ${now} FROM g WHERE true
    ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, follows = excluded.follows, seen_at = excluded.seen_at`,
);

/** What a schedule was to do while it was off is none of its business: its clock starts when it is switched on. */
const STOP_CLOCK = batch(
  'trigger_stop_clock',
  { _name: 'text' },
  () => `UPDATE triggers_trigger SET cursor = NULL FROM g
    WHERE name = g._name AND kind = 'schedule' AND cursor IS NOT NULL AND NOT COALESCE(enabled_override, false)`,
);

/** Reads triggers by name. */
export const READ_TRIGGERS = batch(
  'trigger_read',
  { _name: 'text' },
  ({ now, nowMs }) => `SELECT ${TRIGGER_COLUMNS}, ${wantedBy('wanted_by', now)}, ${nowMs} AS now_ms
    FROM triggers_trigger WHERE name IN (SELECT _name FROM g)`,
);

/** What was off before and is on after it: the clock of a schedule starts anew then, and only then. */
const SET_ENABLED = batch(
  'trigger_set_enabled',
  { _name: 'text', _on: 'bool', _declared: 'bool' },
  () =>
    `UPDATE triggers_trigger SET enabled_override = g._on, cursor_version = cursor_version + 1,
      cursor = CASE WHEN kind = 'schedule' AND NOT COALESCE(enabled_override, g._declared)
        AND COALESCE(g._on, g._declared) THEN NULL ELSE cursor END
    FROM g WHERE name = g._name`,
);

const SET_INTERVAL = batch(
  'trigger_set_interval',
  { _name: 'text', _ms: 'int' },
  () => `UPDATE triggers_trigger SET interval_override_ms = g._ms FROM g WHERE name = g._name`,
);

const SET_CURSOR = batch(
  'trigger_set_cursor',
  { _name: 'text', _cursor: 'text' },
  () =>
    `UPDATE triggers_trigger SET cursor = g._cursor, cursor_version = cursor_version + 1 FROM g WHERE name = g._name`,
);

const RESUME = batch(
  'trigger_resume',
  { _name: 'text' },
  () => `UPDATE triggers_trigger SET suspended_at = NULL, consecutive_failures = 0, last_error = NULL,
      cursor_version = cursor_version + 1
    FROM g WHERE name = g._name AND suspended_at IS NOT NULL`,
);

const SET_FAILING = batch(
  'trigger_set_failing',
  { _name: 'text', _failures: 'int', _error: 'text' },
  () => `UPDATE triggers_trigger SET consecutive_failures = g._failures, last_error = g._error FROM g
    WHERE name = g._name AND (consecutive_failures > 0) <> (g._failures > 0)`,
);

/** All that tables have of a trigger besides its history. */
const FORGET = [
  forgetIn('triggers_dedup', 'trigger'),
  forgetIn('triggers_follow_up', 'trigger'),
  forgetIn('triggers_delivery', 'trigger'),
  forgetIn('triggers_trigger', 'name'),
] as const;

function forgetIn(table: string, column: string): Batch {
  const sql = `DELETE FROM ${table} WHERE ${column} IN (SELECT _name FROM g)`;
  return batch(`forget_${table}`, { _name: 'text' }, () => sql);
}

/** Makes sure that every trigger has a row and was seen now. Never touches what operators set, cursors or counters. */
export function* declareTriggers(triggers: readonly TriggerDeclaration[]): Work<void> {
  const sorted = [...triggers].sort((a, b) => (a.name < b.name ? -1 : 1));
  const wanted = sorted.flatMap(({ name, aliases }) => (aliases.length === 0 ? [] : [name, ...aliases]));
  const existing = new Set(
    (yield* run(
      EXISTING,
      wanted.map((name) => [name]),
    )).map((row) => row['name']),
  );
  const renamed = sorted.flatMap(({ name, aliases }): (readonly [string, string])[] => {
    const former = existing.has(name) ? undefined : aliases.find((alias) => existing.has(alias));
    return former === undefined ? [] : [[former, name]];
  });
  yield* renameTriggers(renamed);
  yield* run(
    DECLARE,
    sorted.map(({ name, kind, follows }) => [name, kind, follows && JSON.stringify(follows)]),
  );
  yield* run(
    STOP_CLOCK,
    sorted.filter(({ kind, enabled }) => kind === 'schedule' && enabled === false).map(({ name }) => [name]),
  );
}

/**
 * An operator's switch; `null` removes it. A poll that runs now is superseded. The clock of a schedule that was off and is
 * on now starts anew; whatever else is switched loses no tick.
 *
 * @param declared whether the code says that the trigger is on
 */
export function* setTriggerEnabled(name: string, on: boolean | null, declared: boolean): Work<void> {
  yield* run(SET_ENABLED, [[name, on, declared]]);
}

/** An operator's interval; `null` removes it. */
export function* setTriggerInterval(name: string, intervalMs: number | null): Work<void> {
  yield* run(SET_INTERVAL, [[name, intervalMs]]);
}

/** An operator's cursor, as JSON; `null` starts anew. A poll that runs now is superseded. */
export function* setTriggerCursor(name: string, cursor: string | null): Work<void> {
  yield* run(SET_CURSOR, [[name, cursor]]);
}

/** Ends a suspension. */
export function* resumeTrigger(name: string): Work<void> {
  yield* run(RESUME, [[name]]);
}

/** What a trigger listens to cannot be reached (`error`), or can again (`null`). Says it once, however many processes do. */
export function* setTriggerFailing(name: string, error: string | null): Work<void> {
  yield* run(SET_FAILING, [[name, error === null ? 0 : 1, error]]);
}

/** Deletes a trigger that nothing declares any more, with its keys and counts. Its history stays until it is pruned. */
export function* forgetTrigger(name: string): Work<void> {
  for (const each of FORGET) yield* run(each, [[name]]);
}

/** A row of {@link READ_TRIGGERS} as a record. */
export function recordOf(row: Row, me: NodeId): TriggerRecord {
  const lastPollAt = toDate(row['last_poll_at']);
  const [enabled, interval] = [row['enabled_override'], row['interval_override_ms']];
  return {
    name: row['name'] as string,
    mine: row['owner'] === me,
    epoch: Number(row['epoch']),
    wantedBy: row['wanted_by'] as NodeId | null,
    cursorVersion: Number(row['cursor_version']),
    cursor: row['cursor'] as string | null,
    enabledOverride: enabled === null ? null : Boolean(enabled),
    intervalOverrideMs: interval === null ? null : Number(interval),
    consecutiveFailures: Number(row['consecutive_failures']),
    lastError: row['last_error'] as string | null,
    suspendedAt: toDate(row['suspended_at']),
    lastPollAt,
    lastPollAgoMs: lastPollAt === null ? null : Number(row['now_ms']) - lastPollAt.getTime(),
    lastFireAt: toDate(row['last_fire_at']),
    firstSeenAt: toDate(row['first_seen_at']) as Date,
  };
}
