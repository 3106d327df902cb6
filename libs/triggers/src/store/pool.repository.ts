import type { ExecutionId } from '../model/ids.js';
import { lockExecutions } from './commits/graph.statements.js';
import { batch, run, runOnce } from './dialects/batch.js';
import type { Rows, Work } from './dialects/batch.js';
import { livePools } from './node.repository.js';

/** From each pool to the next one by the index of ready tasks, however many wait in it. */
const READY_POOLS = batch(
  'pool_ready',
  {},
  () => `WITH RECURSIVE waiting_pools(pool) AS (
      SELECT (SELECT min(pool) FROM triggers_task WHERE state = 'ready')
      UNION ALL
      SELECT (SELECT min(t.pool) FROM triggers_task t WHERE t.state = 'ready' AND t.pool > waiting_pools.pool)
      FROM waiting_pools WHERE waiting_pools.pool IS NOT NULL)
    SELECT pool FROM waiting_pools WHERE pool IS NOT NULL`,
);

const COUNT_READY = batch(
  'pool_count',
  { _pool: 'text', _most: 'int' },
  () => `SELECT count(*) AS ready FROM (SELECT 1 AS one FROM triggers_task
    WHERE state = 'ready' AND pool = (SELECT _pool FROM g) LIMIT (SELECT _most FROM g)) some_of_them`,
);

const READ_WAITING = batch(
  'pool_waiting',
  { _pool: 'text', _skip: 'int', _limit: 'int' },
  () => `SELECT execution_id, task, workflow, workflow_hash FROM triggers_task
    WHERE state = 'ready' AND pool = (SELECT _pool FROM g)
    ORDER BY priority DESC, run_at, execution_id LIMIT (SELECT _limit FROM g) OFFSET (SELECT _skip FROM g)`,
);

const MOVE = batch(
  'pool_move',
  { _execution: 'text', _task: 'text', _from: 'text', _to: 'text' },
  ({ ifSo }) => `UPDATE triggers_task SET pool = g._to FROM g
    WHERE execution_id = g._execution AND task = g._task AND ${ifSo(`state = 'ready' AND pool = g._from`)}
    RETURNING execution_id`,
);

/** Pools with ready tasks that no living node serves, sorted; and those that some living node serves. */
export function* readUnservedPools(): Work<{ readonly unserved: readonly string[]; readonly served: Set<string> }> {
  const ready = (yield* runOnce(READY_POOLS)).map((row) => row['pool'] as string);
  if (ready.length === 0) return { unserved: [], served: new Set() };
  const served = yield* livePools();
  return { unserved: ready.filter((pool) => !served.has(pool)), served };
}

/** How many tasks of a pool are ready, now or after a while; counts up to `most`. */
export function* countReady(pool: string, most: number): Work<number> {
  const [row] = yield* run(COUNT_READY, [[pool, most]]);
  return Number(row?.['ready'] ?? 0);
}

/** Some ready tasks of a pool, in the order of the claim. */
export function* readWaiting(pool: string, skip: number, limit: number): Work<Rows> {
  return yield* run(READ_WAITING, [[pool, skip, limit]]);
}

/** A ready task that belongs into another pool. */
export interface MovedTask {
  readonly executionId: ExecutionId;
  readonly task: string;
  readonly from: string;
  readonly to: string;
}

/** Moves tasks that are still ready where they were; returns how many. */
export function* moveToPools(tasks: readonly MovedTask[]): Work<number> {
  yield* lockExecutions(tasks.map(({ executionId }) => executionId));
  const rows = tasks.map(({ executionId, task, from, to }) => [executionId, task, from, to]);
  return (yield* run(MOVE, rows)).length;
}
