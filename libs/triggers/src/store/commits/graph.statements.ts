import type { ExecutionId } from '../../model/ids.js';
import { batch, change, send } from '../dialects/batch.js';
import type { Batch, Work } from '../dialects/batch.js';

const LOCK_EXECUTIONS: Batch = {
  name: 'execution_lock',
  columns: { _id: 'text' },
  onlyLocks: true,
  sql: ({ forUpdate }) => `SELECT id FROM triggers_execution WHERE id IN (SELECT _id FROM g) ORDER BY id ${forUpdate}`,
};

/**
 * Takes the row locks of executions in the order of their ids, so that two nodes never deadlock over them or their tasks: what
 * follows may come in any order.
 */
export function* lockExecutions(ids: readonly ExecutionId[]): Work<void> {
  yield* send(
    LOCK_EXECUTIONS,
    ids.map((id) => [id]),
  );
}

/** Whose row a change finds by `_execution` and `_task`. */
export const TASK = { table: 'triggers_task', key: 'execution_id = g._execution AND task = g._task' } as const;
const EXECUTION = { table: 'triggers_execution', key: 'id = g._id' } as const;

/** Ends tasks that their holder still holds. */
export const FINISH_TASK = change({
  ...TASK,
  name: 'task_finish',
  columns: {
    _execution: 'text',
    _task: 'text',
    _token: 'text',
    _state: 'text',
    _output: 'text',
    _error: 'text',
    _reason: 'text',
    _attempts: 'text',
    _callback: 'text',
    _telling: 'text',
  },
  set: ({ now }) => `state = g._state, output = g._output, error = g._error, reason = g._reason, attempts = g._attempts,
    finished_at = ${now}, callback = g._callback, callback_state = g._telling, callback_owner = owner`,
  when: `state = 'running' AND lease_token = g._token`,
});

/** Tasks that were ended with this token before: a commit whose outcome nobody knew. */
export const FINISHED_BEFORE = batch(
  'task_finished_before',
  { _execution: 'text', _task: 'text', _token: 'text', _state: 'text' },
  () => `SELECT t.id, t.lease_token FROM g JOIN triggers_task t ON t.execution_id = g._execution AND t.task = g._task
    WHERE t.lease_token = g._token AND t.state = g._state`,
);

/** The common end of an execution: everything has completed. What it does not find, {@link COUNT_ENDED} decides. */
export const COMPLETE_EXECUTION = change({
  ...EXECUTION,
  name: 'execution_complete',
  columns: { _id: 'text', _ended: 'int', _callback: 'text', _telling: 'text', _node: 'text' },
  set: ({ now }) => `open_ends = 0, state = 'completed', finished_at = ${now}, callback = g._callback,
    callback_state = g._telling, callback_owner = g._node`,
  when: `open_ends = g._ended AND failed_tasks = 0 AND state = 'running'`,
});

const OPEN = 'open_ends > g._ended';
const HAS_FAILED = 'failed_tasks + g._failed > 0';
/** The callback of the workflow that is due with the end. */
const DUE = `CASE WHEN ${HAS_FAILED} THEN g._failure ELSE g._success END`;

/** Counts open ends that have ended, and failures; whoever brings the first counter to zero ends the execution. */
export const COUNT_ENDED = change({
  ...EXECUTION,
  name: 'execution_count',
  columns: {
    _id: 'text',
    _ended: 'int',
    _failed: 'int',
    _error: 'text',
    _success: 'text',
    _failure: 'text',
    _node: 'text',
  },
  set: ({ now }) => `open_ends = open_ends - g._ended,
    failed_tasks = failed_tasks + g._failed,
    error = COALESCE(error, g._error),
    state = CASE WHEN ${OPEN} THEN state WHEN state = 'cancelling' THEN 'cancelled'
      WHEN ${HAS_FAILED} THEN 'failed' ELSE 'completed' END,
    finished_at = CASE WHEN ${OPEN} THEN NULL ELSE ${now} END,
    callback = CASE WHEN ${OPEN} OR state = 'cancelling' THEN NULL ELSE ${DUE} END,
    callback_state = CASE WHEN ${OPEN} OR state = 'cancelling' OR ${DUE} IS NULL THEN NULL ELSE 'pending' END,
    callback_owner = g._node`,
  returning: ['state', 'open_ends', 'callback', 'error'],
});

/** A column of the execution that a row of `g` speaks of. */
export const ofExecution = (column: string): string =>
  `(SELECT e.${column} FROM triggers_execution e WHERE e.id = g._execution)`;

/**
 * The common step to a dependant: everything that it waited for has completed, and it is claimed in passing. What it does not
 * find, {@link COUNT_DEPENDENCIES} decides. The execution's row is locked before, so the counters stand still.
 */
export const HAND_OVER = change({
  ...TASK,
  name: 'task_hand_over',
  columns: { _execution: 'text', _task: 'text', _completed: 'int', _token: 'text', _owner: 'text', _pool: 'text' },
  set: ({ now }) => `open_dependencies = 0, succeeded_dependencies = succeeded_dependencies + g._completed,
    state = 'running', pool = g._pool, owner = g._owner, lease_token = g._token, started_at = ${now}`,
  when: `state = 'blocked' AND held_by IS NULL AND open_dependencies = g._completed
    AND failed_dependencies = 0 AND skipped_dependencies = 0 AND run_when <> 'anyFailed'
    AND ${ofExecution('state')} = 'running'`,
  returning: ['id', 'ordinal', 'graph', 'max_attempts', 'priority'],
});

/** Whether a task whose dependencies have all ended runs, as its `runWhen` says. */
const RUNS = `CASE run_when
    WHEN 'allDone' THEN true
    WHEN 'anySucceeded' THEN succeeded_dependencies + g._succeeded > 0
    WHEN 'anyFailed' THEN failed_dependencies + g._failed > 0
    WHEN 'noneFailed' THEN failed_dependencies + g._failed = 0
    ELSE failed_dependencies + g._failed + skipped_dependencies + g._skipped = 0
  END`;
/** What follows for it: `waits`, `skips`, is `held` by a pause, is `claimed` in passing, or is `ready`. */
const NEXT = `CASE WHEN open_dependencies > g._ended THEN 'waits' WHEN NOT (${RUNS}) THEN 'skips'
    WHEN ${ofExecution('state')} = 'paused' THEN 'held' WHEN g._token IS NULL THEN 'ready' ELSE 'claimed' END`;

/**
 * Counts ended dependencies of blocked tasks. At zero the task becomes ready, claimed, held or skipped, as its `runWhen`
 * and its execution say. The execution's row is locked before, so the counters stand still.
 */
export const COUNT_DEPENDENCIES = change({
  ...TASK,
  name: 'task_count',
  columns: {
    _execution: 'text',
    _task: 'text',
    _ended: 'int',
    _succeeded: 'int',
    _failed: 'int',
    _skipped: 'int',
    _token: 'text',
    _owner: 'text',
    _pool: 'text',
  },
  set: ({ now }) => `pool = COALESCE(g._pool, pool),
    open_dependencies = open_dependencies - g._ended,
    succeeded_dependencies = succeeded_dependencies + g._succeeded,
    failed_dependencies = failed_dependencies + g._failed,
    skipped_dependencies = skipped_dependencies + g._skipped,
    (state, held_by, owner, lease_token, started_at, run_at, waits_since, reason, finished_at) = (SELECT
      CASE _next WHEN 'skips' THEN 'skipped' WHEN 'claimed' THEN 'running' WHEN 'ready' THEN 'ready' ELSE 'blocked' END,
      CASE _next WHEN 'held' THEN 'pause' END,
      CASE _next WHEN 'claimed' THEN g._owner END,
      CASE _next WHEN 'claimed' THEN g._token END,
      CASE _next WHEN 'claimed' THEN ${now} END,
      CASE _next WHEN 'ready' THEN ${now} ELSE run_at END,
      CASE _next WHEN 'ready' THEN ${now} ELSE waits_since END,
      CASE WHEN _next <> 'skips' THEN NULL WHEN failed_dependencies + g._failed > 0 OR ${ofExecution('failed_tasks')} > 0 THEN 'upstream_failed'
        ELSE 'run_when' END,
      CASE _next WHEN 'skips' THEN ${now} END
      FROM (SELECT ${NEXT} AS _next) n)`,
  when: `state = 'blocked' AND held_by IS NULL`,
  returning: ['id', 'ordinal', 'state', 'graph', 'max_attempts', 'pool', 'priority', 'reason'],
});

/** Nothing of these executions is open but what runs. */
export const LEAVE_RUNNING = batch(
  'execution_leave_running',
  { _id: 'text' },
  () => `UPDATE triggers_execution SET open_ends =
      (SELECT count(*) FROM triggers_task t WHERE t.execution_id = triggers_execution.id AND t.state = 'running')
    WHERE id IN (SELECT _id FROM g)`,
);

/** Executions of a firing of several have ended; the last one sees zero. */
export const COUNT_EXECUTIONS = batch(
  'firing_count',
  { _id: 'text', _ended: 'int', _failed: 'int' },
  () => `UPDATE triggers_firing SET open_executions = open_executions - g._ended,
      failed_executions = failed_executions + g._failed FROM g WHERE id = g._id
    RETURNING id, open_executions, failed_executions`,
);
