import type { ExecutionId } from '../model/ids.js';
import { hasEnded } from '../model/states.js';
import type { ExecutionState } from '../model/states.js';
import { lockExecutions } from './commits/graph.statements.js';
import { batch, run } from './dialects/batch.js';
import type { Row, Rows, Work } from './dialects/batch.js';

/** Old firings, found by their primary key: history that is younger costs nothing. */
const OLD_FIRINGS = batch(
  'prune_find',
  { _after: 'text', _before: 'text', _limit: 'int' },
  () => `SELECT f.id, f.executions, f.state FROM triggers_firing f
    WHERE f.id > (SELECT _after FROM g) AND f.id < (SELECT _before FROM g) ORDER BY f.id LIMIT (SELECT _limit FROM g)`,
);

/** Locked behind their executions, as whoever ends these does. */
const LOCK_FIRINGS = batch(
  'prune_lock',
  { _id: 'text' },
  ({ forUpdate }) => `SELECT f.id, f.executions, f.state FROM triggers_firing f
    WHERE f.id IN (SELECT _id FROM g) ORDER BY f.id ${forUpdate}`,
);

const STATES = batch(
  'prune_states',
  { _id: 'text' },
  () => `SELECT e.id, e.firing_id, e.state FROM g JOIN triggers_execution e ON e.id = g._id`,
);

const DELETE_TASKS = batch(
  'prune_tasks',
  { _id: 'text' },
  () => `DELETE FROM triggers_task WHERE execution_id IN (SELECT _id FROM g)`,
);
const DELETE_FOLLOW_UPS = batch(
  'prune_follow_ups',
  { _id: 'text' },
  () => `DELETE FROM triggers_follow_up WHERE execution_id IN (SELECT _id FROM g)`,
);
const DELETE_EXECUTIONS = batch(
  'prune_executions',
  { _id: 'text' },
  () => `DELETE FROM triggers_execution WHERE id IN (SELECT _id FROM g)`,
);
const DELETE_FIRINGS = batch(
  'prune_firings',
  { _id: 'text' },
  () => `DELETE FROM triggers_firing WHERE id IN (SELECT _id FROM g)`,
);

const DELETE_TICKS = batch(
  'prune_ticks',
  { _before: 'text', _last: 'instant', _limit: 'int' },
  () => `DELETE FROM triggers_tick WHERE id IN (
    SELECT t.id FROM triggers_tick t WHERE t.id < (SELECT _before FROM g) AND t.last_at < (SELECT _last FROM g)
    ORDER BY t.id LIMIT (SELECT _limit FROM g)) RETURNING id`,
);

const DELETE_AUDIT = batch(
  'prune_audit',
  { _before: 'text', _limit: 'int' },
  () => `DELETE FROM triggers_audit WHERE id IN (
    SELECT a.id FROM triggers_audit a WHERE a.id < (SELECT _before FROM g) ORDER BY a.id LIMIT (SELECT _limit FROM g))
    RETURNING id`,
);

/** Keys in the order of their primary key, a page at a time: there is no index on their expiry, on purpose. */
const SCAN_KEYS = batch(
  'prune_scan_keys',
  { _trigger: 'text', _key: 'bytes', _before: 'instant', _limit: 'int' },
  ({ now }) => `SELECT d.trigger, d.key,
      CASE WHEN d.expires_at < (CASE WHEN d.failures > 0 THEN (SELECT _before FROM g) ELSE ${now} END) THEN 1 ELSE 0 END AS over
    FROM triggers_dedup d WHERE (d.trigger, d.key) > ((SELECT _trigger FROM g), (SELECT _key FROM g))
    ORDER BY d.trigger, d.key LIMIT (SELECT _limit FROM g)`,
);

/** Deletes keys that are still over: somebody may have taken one again meanwhile, or is about to, and is not waited for. */
const DELETE_KEYS = batch(
  'prune_keys',
  { _trigger: 'text', _key: 'bytes' },
  ({ now, skipLocked }) => `, free AS MATERIALIZED (
      SELECT trigger, key FROM triggers_dedup
      WHERE (trigger, key) IN (SELECT _trigger, _key FROM g) AND expires_at < ${now} ORDER BY trigger, key ${skipLocked})
    DELETE FROM triggers_dedup WHERE (trigger, key) IN (SELECT trigger, key FROM free) RETURNING trigger`,
);

const DELETE_NODES = batch(
  'prune_nodes',
  { _before: 'instant' },
  () => `DELETE FROM triggers_node WHERE lease_until < (SELECT _before FROM g)`,
);

const DELETE_RATES = batch(
  'prune_rates',
  { _before: 'int', _limit: 'int' },
  ({ nowMs, skipLocked }) => `, free AS MATERIALIZED (
      SELECT space FROM triggers_rate WHERE tat < ${nowMs} - (SELECT _before FROM g) LIMIT (SELECT _limit FROM g) ${skipLocked})
    DELETE FROM triggers_rate WHERE space IN (SELECT space FROM free) RETURNING space`,
);

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** How old firings must be to go. */
interface PruneBounds {
  /** Firings with an id below this go when nothing of them failed. */
  readonly completedBefore: string;
  /** Firings with an id below this go although something failed. */
  readonly failedBefore: string;
}

/** One batch of firings with everything that belongs to them. */
export function* pruneFirings(
  options: PruneBounds & { readonly after: string; readonly limit: number },
): Work<{ readonly deleted: number; readonly last: string | null }> {
  const { completedBefore, failedBefore, after, limit } = options;
  const before = completedBefore > failedBefore ? completedBefore : failedBefore;
  const rows = yield* run(OLD_FIRINGS, [[after, before, limit]]);
  const found = yield* doomedOf(rows, options);
  // Somebody may retry one of them just now, or delete it: they are judged again when nobody else can.
  yield* lockExecutions(found.executions);
  const doomed = yield* doomedOf(yield* run(LOCK_FIRINGS, inRows(found.firings)), options);
  yield* run(DELETE_TASKS, inRows(doomed.executions));
  yield* run(DELETE_FOLLOW_UPS, inRows(doomed.executions));
  yield* run(DELETE_EXECUTIONS, inRows(doomed.executions));
  yield* run(DELETE_FIRINGS, inRows(doomed.firings));
  return {
    deleted: doomed.firings.length,
    last: rows.length < limit ? null : ((rows.at(-1)?.['id'] as string | undefined) ?? null),
  };
}

/** Those of some firings that may go, and their executions. */
function* doomedOf(
  rows: Rows,
  bounds: PruneBounds,
): Work<{ readonly firings: readonly string[]; readonly executions: readonly ExecutionId[] }> {
  const states = yield* run(STATES, inRows(rows.flatMap((row) => JSON.parse(row['executions'] as string) as string[])));
  const firings = rows.filter((row) => isDoomed(row, states, bounds)).map((row) => row['id'] as string);
  const own = states.filter((row) => firings.includes(row['firing_id'] as string));
  return { firings, executions: own.map((row) => row['id'] as ExecutionId) };
}

const inRows = (ids: readonly string[]): string[][] => ids.map((id) => [id]);

function isDoomed(firing: Row, states: Rows, { completedBefore, failedBefore }: PruneBounds): boolean {
  const own = states.filter((row) => row['firing_id'] === firing['id']).map((row) => row['state'] as ExecutionState);
  if (own.some((state) => !hasEnded(state))) return false;
  const failed = own.includes('failed') || ['dead', 'rejected', 'held'].includes(firing['state'] as string);
  return (firing['id'] as string) < (failed ? failedBefore : completedBefore);
}

/** One batch of old ticks; returns how many were deleted. */
export function* pruneTicks(before: string, olderThanMs: number, limit: number): Work<number> {
  return (yield* run(DELETE_TICKS, [[before, -olderThanMs, limit]])).length;
}

/** One batch of old records of what operators did; returns how many were deleted. */
export function* pruneAudit(before: string, limit: number): Work<number> {
  return (yield* run(DELETE_AUDIT, [[before, limit]])).length;
}

/** Where a scan of the keys goes on. */
export interface KeyPosition {
  readonly trigger: string;
  readonly key: Buffer;
}

/** Before the first key. */
export const FIRST_KEY: KeyPosition = { trigger: '', key: Buffer.alloc(0) };

/**
 * Looks at one page of keys and deletes those that hold nothing any more: windows that are over, and cool-downs a day
 * after their end, because their count of failures matters until then.
 */
export function* pruneKeys(
  after: KeyPosition,
  limit: number,
): Work<{ readonly deleted: number; readonly next: KeyPosition | null }> {
  const rows = yield* run(SCAN_KEYS, [[after.trigger, after.key, -DAY_MS, limit]]);
  const over = rows.filter((row) => Number(row['over']) === 1);
  const deleted = yield* run(
    DELETE_KEYS,
    over.map((row) => [row['trigger'], row['key']]),
  );
  const last = rows.at(-1);
  const next =
    rows.length < limit || last === undefined
      ? null
      : { trigger: last['trigger'] as string, key: last['key'] as Buffer };
  return { deleted: deleted.length, next };
}

/** Rate limits that have had all their tokens for an hour; returns how many. */
export function* pruneRates(limit: number): Work<number> {
  return (yield* run(DELETE_RATES, [[HOUR_MS, limit]])).length;
}

/** Nodes that have been dead for a day. */
export function* pruneNodes(): Work<void> {
  yield* run(DELETE_NODES, [[-DAY_MS]]);
}
