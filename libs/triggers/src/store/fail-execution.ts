import type { ExecutionId } from '../model/ids.js';
import type { StoredError } from './claimer.js';
import type { CommitScope } from './commit-kind.js';
import { cutShort, errorOf } from './commits/advance.js';
import type { ExecutionEnd } from './commits/ended-task.js';
import { readFacts } from './commits/claimed-task.js';
import { lockExecutions } from './commits/graph.statements.js';
import { batch, run } from './dialects/batch.js';
import type { Work } from './dialects/batch.js';

const READY_TASKS = batch(
  'execution_ready_tasks',
  { _id: 'text' },
  ({ forUpdate }) =>
    `SELECT task FROM triggers_task WHERE execution_id IN (SELECT _id FROM g) AND state = 'ready' ${forUpdate}`,
);

const FAIL_TASKS = batch(
  'execution_fail_tasks',
  { _id: 'text', _error: 'text' },
  ({ now }) => `UPDATE triggers_task SET state = CASE WHEN state = 'ready' THEN 'failed' ELSE 'cancelled' END,
      error = CASE WHEN state = 'ready' THEN g._error END, finished_at = ${now}
    FROM g WHERE execution_id = g._id AND state IN ('ready', 'blocked') RETURNING task, state`,
);

/**
 * Fails an execution that nobody can continue: its ready tasks have failed, those behind them are cancelled. Nothing changes
 * when none is ready: an operator, another node or a claim was faster than whoever found it.
 *
 * @param tellsFailure whether the workflow has a callback for it
 * @returns the end, unless a body still runs or nothing changed
 */
export function* failExecution(
  id: ExecutionId,
  error: StoredError,
  tellsFailure: boolean,
  scope: CommitScope,
): Work<ExecutionEnd | null> {
  yield* lockExecutions([id]);
  if ((yield* run(READY_TASKS, [[id]])).length === 0) return null;
  const rows = yield* run(FAIL_TASKS, [[id, JSON.stringify(error)]]);
  const facts = (yield* readFacts([id])).get(id);
  if (facts === undefined) return null;
  const failed = rows.filter((row) => row['state'] === 'failed').map((row) => row['task'] as string);
  const [task] = failed;
  return yield* cutShort(
    {
      facts,
      failed: failed.length,
      error: task === undefined ? null : errorOf({ task, error }),
      workflowCallbacks: { onFailure: tellsFailure },
    },
    scope,
  );
}
