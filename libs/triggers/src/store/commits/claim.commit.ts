import { newId } from '../../model/ids.js';
import type { ExecutionId, LeaseToken } from '../../model/ids.js';
import { COMMIT_ORDER } from '../commit-kind.js';
import type { CommitKind, CommitScope } from '../commit-kind.js';
import { batch, run, send } from '../dialects/batch.js';
import type { Row, Rows, Work } from '../dialects/batch.js';
import type { Claimer } from '../claimer.js';
import { claimedTask, hearFacts, hearOutputs, placeOf } from './claimed-task.js';

/** A wish for as much work as this node has slots for. */
export interface ClaimItem {
  /** Claims one task that must run alone, or only tasks that need not. */
  readonly alone: boolean;
  /** Claims only what could have been claimed for that long. */
  readonly overdueMs: number;
}

/** What was claimed; the tasks go to the engine with the commit. */
export interface ClaimOutcome {
  readonly claimed: number;
  /** Slots that there were; when all were used, more may be ready. */
  readonly slots: number;
}

/** From this rescue on a task runs alone on its node, so that a task that kills its process is told from its neighbours. */
export const ALONE_FROM_RESCUE = 2;

/** The columns that {@link startClaimed} reads. */
export const CLAIMED_COLUMNS =
  'execution_id, task, id, ordinal, graph, attempt, max_attempts, rescues, priority, attempts, run_at';

/**
 * One pool at a time: its ready tasks stand beside each other in the index, in the order of the claim, so that nothing of
 * another pool is walked over. The row of `g` says how many; `_declared` is a JSON array on SQLite and on Postgres alike. The choice is made once, before
 * the update: planned as a subquery of it, Postgres may run it again and claim more than the limit.
 */
export const CLAIM = batch(
  'task_claim',
  { _node: 'text', _token: 'text', _limit: 'int', _declared: 'text', _alone: 'bool', _pool: 'text', _due: 'instant' },
  ({ now, skipLocked, isAmong }) => `, chosen AS MATERIALIZED (
      SELECT execution_id, task FROM triggers_task
      WHERE state = 'ready' AND pool = (SELECT _pool FROM g) AND run_at <= (SELECT _due FROM g)
        AND (rescues >= ${ALONE_FROM_RESCUE}) = (SELECT _alone FROM g)
        AND ${isAmong(`workflow || ':' || workflow_hash`, '(SELECT _declared FROM g)')}
      ORDER BY priority DESC, run_at, execution_id LIMIT (SELECT _limit FROM g) ${skipLocked})
    UPDATE triggers_task SET state = 'running', owner = (SELECT _node FROM g), started_at = ${now},
      lease_token = (SELECT _token FROM g)
    WHERE (execution_id, task) IN (SELECT execution_id, task FROM chosen)
    RETURNING ${CLAIMED_COLUMNS}`,
);

/** One that was cancelled before it began and is retried runs, and has not begun. */
const START_EXECUTIONS = batch(
  'execution_start',
  { _id: 'text' },
  ({ now, ifSo }) => `UPDATE triggers_execution SET state = 'running', started_at = COALESCE(started_at, ${now})
    WHERE id IN (SELECT _id FROM g) AND ${ifSo(`state = 'pending' OR (state = 'running' AND started_at IS NULL)`)}`,
);

/** Batch claim of ready tasks, pool after pool, of each the highest priority first, then the longest waiting. */
export const CLAIM_TASKS: CommitKind<ClaimItem, ClaimOutcome> = {
  name: 'claim',
  order: COMMIT_ORDER.claim,
  bytes: () => 500,
  run: commitClaims,
};

function* commitClaims(items: readonly ClaimItem[], scope: CommitScope): Work<readonly ClaimOutcome[]> {
  const outcomes: ClaimOutcome[] = [];
  for (const item of items) outcomes.push(yield* claim(item, scope));
  return outcomes;
}

function* claim({ alone, overdueMs }: ClaimItem, scope: CommitScope): Work<ClaimOutcome> {
  const { claimer } = scope;
  const slots = scope.reserveSlots(alone ? 1 : Number.MAX_SAFE_INTEGER);
  if (claimer === null || slots === 0) return { claimed: 0, slots };
  const token = newId<LeaseToken>();
  const rows = yield* claimRows(claimer, token, slots, { alone, overdueMs });
  yield* startClaimed(rows, token, scope);
  return { claimed: rows.length, slots };
}

/** Starts the executions of claimed rows and tells the engine of the tasks, in order of urgency. */
export function* startClaimed(rows: Rows, token: LeaseToken, scope: CommitScope): Work<void> {
  if (rows.length === 0) return;
  const ordered = [...rows].sort(byUrgency);
  const ids = [...new Set(ordered.map((row) => row['execution_id'] as ExecutionId))].sort();
  yield* send(
    START_EXECUTIONS,
    ids.map((id) => [id]),
  );
  const needing = new Set(ordered.filter((row) => placeOf(row).ancestors.length > 0).map((row) => row['execution_id']));
  const outputs = yield* hearOutputs(ids.filter((id) => needing.has(id)));
  yield* hearFacts(ids, (facts) => {
    for (const row of ordered) scope.claimed(claimedTask(row, facts, outputs, token));
  });
}

/** One statement a pool, in turn, until the slots are used. */
function* claimRows(claimer: Claimer, token: LeaseToken, slots: number, { alone, overdueMs }: ClaimItem): Work<Rows> {
  const declared = JSON.stringify(claimer.declared);
  let claimed: Rows = [];
  for (const pool of claimer.poolsInTurn()) {
    const limit = slots - claimed.length;
    if (limit === 0) break;
    const rows = yield* run(CLAIM, [[claimer.nodeId, token, limit, declared, alone, pool, -overdueMs]]);
    claimed = claimed.length === 0 ? rows : [...claimed, ...rows];
  }
  return claimed;
}

function byUrgency(a: Row, b: Row): number {
  const byPriority = Number(b['priority']) - Number(a['priority']);
  if (byPriority !== 0) return byPriority;
  const [first, second] = [
    new Date(a['run_at'] as string | Date).getTime(),
    new Date(b['run_at'] as string | Date).getTime(),
  ];
  if (first !== second) return first - second;
  const [one, other] = [String(a['execution_id']), String(b['execution_id'])];
  return one === other ? Number(a['ordinal']) - Number(b['ordinal']) : one < other ? -1 : 1;
}
