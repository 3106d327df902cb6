import { batch } from '../dialects/batch.js';
import type { Batch } from '../dialects/batch.js';

/** Takes the row locks of executions in the order of their ids, so that two nodes never deadlock over them. */
export const LOCK_EXECUTIONS: Batch = {
  name: 'execution_lock',
  columns: { _id: 'text' },
  onlyLocks: true,
  sql: ({ forUpdate }) => `SELECT id FROM triggers_execution WHERE id IN (SELECT _id FROM g) ORDER BY id ${forUpdate}`,
};

/** Ends tasks that their holder still holds. */
export const FINISH_TASK = batch(
  'task_finish',
  {
    _execution: 'text',
    _task: 'text',
    _token: 'text',
    _state: 'text',
    _output: 'text',
    _error: 'text',
    _reason: 'text',
    _attempts: 'text',
    _callback: 'text',
  },
  ({ now }) => `UPDATE triggers_task SET state = g._state, output = g._output, error = g._error, reason = g._reason,
      attempts = g._attempts, finished_at = ${now}, callback = g._callback,
      callback_state = CASE WHEN g._callback IS NULL THEN NULL ELSE 'pending' END, callback_owner = owner
    FROM g WHERE execution_id = g._execution AND task = g._task AND state = 'running' AND lease_token = g._token
    RETURNING execution_id, task, lease_token`,
);

/** Tasks that were ended with this token before: a commit whose outcome nobody knew. */
export const FINISHED_BEFORE = batch(
  'task_finished_before',
  { _execution: 'text', _task: 'text', _token: 'text', _state: 'text' },
  () => `SELECT t.execution_id, t.task, t.lease_token FROM g JOIN triggers_task t ON t.execution_id = g._execution AND t.task = g._task
    WHERE t.lease_token = g._token AND t.state = g._state`,
);

/** Counts ended tasks; whoever brings the counter to zero ends the execution. */
export const COUNT_ENDED = batch(
  'execution_count',
  { _id: 'text', _ended: 'int', _failed: 'int', _error: 'text', _success: 'bool', _failure: 'bool', _node: 'text' },
  ({ now }) => `UPDATE triggers_execution SET
      open_tasks = open_tasks - g._ended,
      failed_tasks = failed_tasks + g._failed,
      error = COALESCE(error, g._error),
      state = CASE WHEN open_tasks > g._ended THEN state WHEN state = 'cancelling' THEN 'cancelled'
        WHEN failed_tasks + g._failed > 0 THEN 'failed' ELSE 'completed' END,
      finished_at = CASE WHEN open_tasks > g._ended THEN NULL ELSE ${now} END,
      callback = CASE WHEN open_tasks > g._ended OR state = 'cancelling' THEN NULL
        WHEN failed_tasks + g._failed > 0 THEN (CASE WHEN g._failure THEN 'onFailure' END)
        ELSE (CASE WHEN g._success THEN 'onSuccess' END) END,
      callback_state = CASE WHEN open_tasks > g._ended OR state = 'cancelling' THEN NULL
        WHEN failed_tasks + g._failed > 0 THEN (CASE WHEN g._failure THEN 'pending' END)
        ELSE (CASE WHEN g._success THEN 'pending' END) END,
      callback_owner = g._node
    FROM g WHERE id = g._id
    RETURNING id, state, open_tasks, failed_tasks, callback, error`,
);

/**
 * Counts ended dependencies of blocked tasks. At zero the task becomes ready, claimed, held or skipped, as its `runWhen`
 * and its execution say. The execution's row is locked before, so the counters stand still.
 */
export const COUNT_DEPENDENCIES = batch(
  'task_count',
  {
    _execution: 'text',
    _task: 'text',
    _ended: 'int',
    _succeeded: 'int',
    _failed: 'int',
    _skipped: 'int',
    _held: 'bool',
    _broken: 'bool',
    _token: 'text',
    _owner: 'text',
  },
  ({ now }) => `UPDATE triggers_task SET
      open_dependencies = open_dependencies - v._ended,
      succeeded_dependencies = succeeded_dependencies + v._succeeded,
      failed_dependencies = failed_dependencies + v._failed,
      skipped_dependencies = skipped_dependencies + v._skipped,
      state = v._next,
      held_by = v._hold,
      owner = CASE WHEN v._next = 'running' THEN v._owner END,
      lease_token = CASE WHEN v._next = 'running' THEN v._token END,
      started_at = CASE WHEN v._next = 'running' THEN ${now} END,
      run_at = CASE WHEN v._next = 'ready' THEN ${now} ELSE run_at END,
      reason = CASE WHEN v._next <> 'skipped' THEN NULL
        WHEN failed_dependencies + v._failed > 0 OR v._broken THEN 'upstream_failed' ELSE 'run_when' END,
      finished_at = CASE WHEN v._next = 'skipped' THEN ${now} END
    FROM (
      SELECT c.*,
        CASE WHEN c._open > 0 THEN 'blocked' WHEN NOT c._runs THEN 'skipped' WHEN c._held THEN 'blocked'
          WHEN c._token IS NOT NULL THEN 'running' ELSE 'ready' END AS _next,
        CASE WHEN c._open = 0 AND c._runs AND c._held THEN 'pause' END AS _hold
      FROM (
        SELECT g.*, t.open_dependencies - g._ended AS _open,
          CASE t.run_when
            WHEN 'allDone' THEN true
            WHEN 'anySucceeded' THEN t.succeeded_dependencies + g._succeeded > 0
            WHEN 'anyFailed' THEN t.failed_dependencies + g._failed > 0
            WHEN 'noneFailed' THEN t.failed_dependencies + g._failed = 0
            ELSE t.failed_dependencies + g._failed + t.skipped_dependencies + g._skipped = 0
          END AS _runs
        FROM g JOIN triggers_task t ON t.execution_id = g._execution AND t.task = g._task
      ) c
    ) v
    WHERE execution_id = v._execution AND task = v._task AND state = 'blocked' AND held_by IS NULL
    RETURNING execution_id, task, id, ordinal, state, graph, attempt, max_attempts, rescues, priority, reason`,
);

/** Reads what a claimed task needs of its ancestors. */
export const READ_OUTPUTS = batch(
  'task_outputs',
  { _execution: 'text' },
  () => `SELECT execution_id, task, output FROM triggers_task
    WHERE execution_id IN (SELECT _execution FROM g) AND state = 'completed' AND output IS NOT NULL`,
);

/** Executions of a firing of several have ended; the last one sees zero. */
export const COUNT_EXECUTIONS = batch(
  'firing_count',
  { _id: 'text', _ended: 'int', _failed: 'int' },
  () => `UPDATE triggers_firing SET open_executions = open_executions - g._ended,
      failed_executions = failed_executions + g._failed FROM g WHERE id = g._id
    RETURNING id, open_executions, failed_executions`,
);
