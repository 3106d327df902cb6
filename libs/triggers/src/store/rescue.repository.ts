import { batch, run } from './dialects/batch.js';
import type { Batch, Rows, Work } from './dialects/batch.js';
import { livingNode } from './node.repository.js';

/** The most tasks that {@link ORPHANED_TASKS} returns. */
export const MAX_ORPHANS = 500;

/** A retry waits for a while after its failure; a first attempt in the future was planned for that instant by somebody. */
const BRING_FORWARD = batch(
  'task_bring_forward',
  { _before: 'at' },
  ({ now }) => `UPDATE triggers_task SET run_at = ${now}, waits_since = ${now}
    WHERE (state = 'ready' OR held_by IS NOT NULL) AND run_at > ${now}
      AND (run_at <= (SELECT _before FROM g) OR attempt > 1)`,
);

/**
 * The clock that rules the rows was set back: what had been due stays due, and retries do not wait for the old time.
 *
 * @param beforeMs what that clock would show by now, had it not been set back
 */
export function* bringForward(beforeMs: number): Work<void> {
  yield* run(BRING_FORWARD, [[beforeMs]]);
}

/**
 * Tasks whose node is dead. They are found by the index of running tasks first and ordered then: asked for in the order of the
 * primary key, SQLite would walk the whole history.
 */
export const ORPHANED_TASKS: Batch = batch(
  'task_orphaned',
  { _me: 'text' },
  ({ now }) => `, orphaned AS MATERIALIZED (
      SELECT t.execution_id, t.task, t.id, t.graph, t.attempt, t.max_attempts, t.rescues, t.priority, t.attempts, t.lease_token,
        t.owner, t.started_at, t.workflow
      FROM triggers_task t
      WHERE t.state = 'running' AND t.owner <> (SELECT _me FROM g) AND NOT ${livingNode('t.owner', now)})
    SELECT * FROM orphaned ORDER BY execution_id LIMIT ${MAX_ORPHANS}`,
);

/** Tasks that a row says this node runs. */
export const OWN_TASKS: Batch = batch(
  'task_own',
  { _me: 'text' },
  () =>
    `SELECT id, execution_id, task, lease_token FROM triggers_task WHERE state = 'running' AND owner IN (SELECT _me FROM g)`,
);

/** Executions of this node's bodies that were cancelled, perhaps by another process. */
export const CANCELLED_AMONG: Batch = batch(
  'execution_cancelled_among',
  { _id: 'text' },
  () => `SELECT e.id FROM g JOIN triggers_execution e ON e.id = g._id WHERE e.state = 'cancelling'`,
);

const FOREIGN = batch(
  'task_foreign',
  { _declared: 'text', _skip: 'int', _limit: 'int' },
  ({ isAmong }) => `SELECT execution_id, workflow, workflow_hash, min(run_at) AS since
    FROM triggers_task
    WHERE state = 'ready' AND NOT ${isAmong(`workflow || ':' || workflow_hash`, '(SELECT _declared FROM g)')}
    GROUP BY execution_id, workflow, workflow_hash
    ORDER BY min(run_at), execution_id LIMIT (SELECT _limit FROM g) OFFSET (SELECT _skip FROM g)`,
);

const UNFINISHED = batch(
  'task_unfinished',
  { _execution: 'text' },
  () => `SELECT execution_id, task, graph, state FROM triggers_task
    WHERE execution_id IN (SELECT _execution FROM g) AND state IN ('blocked', 'ready', 'running')`,
);

const ADOPT = batch(
  'task_adopt',
  { _execution: 'text', _hash: 'text' },
  () =>
    `UPDATE triggers_task SET workflow_hash = g._hash FROM g WHERE execution_id = g._execution AND state IN ('blocked', 'ready')`,
);

const ADOPT_EXECUTION = batch(
  'execution_adopt',
  { _execution: 'text', _hash: 'text' },
  () => `UPDATE triggers_execution SET workflow_hash = g._hash FROM g WHERE id = g._execution`,
);

/** Some executions with ready tasks of a shape that this node does not declare, those that have waited longest first. */
export function* findForeign(declared: readonly string[], skip: number, limit: number): Work<Rows> {
  return yield* run(FOREIGN, [[JSON.stringify(declared), skip, limit]]);
}

/** The unfinished tasks of executions, to see whether a changed workflow can go on with them. */
export function* readUnfinished(ids: readonly string[]): Work<Rows> {
  return yield* run(
    UNFINISHED,
    ids.map((id) => [id]),
  );
}

/** From now on these executions belong to the shape of the workflow that this node declares. */
export function* adopt(executions: readonly { readonly id: string; readonly hash: string }[]): Work<void> {
  const rows = executions.map(({ id, hash }) => [id, hash]);
  yield* run(ADOPT, rows);
  yield* run(ADOPT_EXECUTION, rows);
}
