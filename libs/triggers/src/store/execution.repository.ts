import type { ExecutionId, FiringId } from '../model/ids.js';
import type { ExecutionState, TaskState } from '../model/states.js';
import { EXECUTION_EDGES, statesBefore } from '../model/states.js';
import type { ExecutionFacts } from './claimer.js';
import type { CommitScope } from './commit-kind.js';
import { cutShort } from './commits/advance.js';
import { placeOf, readFacts } from './commits/claimed-task.js';
import { keyOf } from './commits/dedup.keys.js';
import { contend } from './commits/dedup.statements.js';
import { lockExecutions } from './commits/graph.statements.js';
import type { Holder } from './commits/dedup.statements.js';
import { readyTask } from './commits/ready-task.js';
import { batch, run } from './dialects/batch.js';
import type { Row, Work } from './dialects/batch.js';

const list = (states: readonly string[]): string => states.map((state) => `'${state}'`).join(', ');

const READ_STATE = batch(
  'execution_state',
  { _id: 'text' },
  () => `SELECT id, workflow, state, closed_by FROM triggers_execution WHERE id IN (SELECT _id FROM g)`,
);

const MOVE = batch(
  'execution_move',
  { _id: 'text', _state: 'text', _from: 'text' },
  ({ isAmong }) => `UPDATE triggers_execution SET
      state = CASE WHEN g._state = 'running' AND started_at IS NULL THEN 'pending' ELSE g._state END
    FROM g WHERE id = g._id AND ${isAmong('state', '(SELECT _from FROM g)')} RETURNING id`,
);

const CANCEL_TASKS = batch(
  'execution_cancel_tasks',
  { _id: 'text' },
  ({ now }) => `UPDATE triggers_task SET state = 'cancelled', held_by = NULL, reason = 'cancelled', finished_at = ${now}
    WHERE execution_id IN (SELECT _id FROM g) AND state IN ('ready', 'blocked')`,
);

const HOLD_TASKS = batch(
  'execution_hold_tasks',
  { _id: 'text' },
  () =>
    `UPDATE triggers_task SET state = 'blocked', held_by = 'pause' WHERE execution_id IN (SELECT _id FROM g) AND state = 'ready'`,
);

const LET_GO_TASKS = batch(
  'execution_let_go_tasks',
  { _id: 'text' },
  ({ now, msBetween }) => `UPDATE triggers_task SET state = 'ready', held_by = NULL
    WHERE execution_id IN (SELECT _id FROM g) AND state = 'blocked' AND held_by = 'pause'
    RETURNING task, id, pool, priority, ${msBetween(now, 'run_at')} AS waits_ms`,
);

const READ_TASKS = batch(
  'execution_tasks',
  { _id: 'text' },
  () =>
    `SELECT task, state, graph, run_when FROM triggers_task WHERE execution_id IN (SELECT _id FROM g) ORDER BY ordinal`,
);

const RESET_TASK = batch(
  'execution_reset_task',
  { _id: 'text', _task: 'text', _state: 'text', _open: 'int', _succeeded: 'int', _skipped: 'int' },
  ({
    now,
  }) => `UPDATE triggers_task SET state = g._state, open_dependencies = g._open, succeeded_dependencies = g._succeeded,
      skipped_dependencies = g._skipped, failed_dependencies = 0, attempt = 1, rescues = 0, run_at = ${now}, waits_since = ${now},
      owner = NULL, lease_token = NULL, held_by = NULL, started_at = NULL, finished_at = NULL, output = NULL, error = NULL, reason = NULL,
      callback = NULL, callback_state = NULL, callback_error = NULL, callback_owner = NULL
    FROM g WHERE execution_id = g._id AND task = g._task
    RETURNING task, id, pool, priority, state`,
);

const SKIP_TASK = batch(
  'execution_skip_task',
  { _id: 'text', _task: 'text' },
  () => `UPDATE triggers_task SET state = 'skipped', reason = 'upstream_failed' FROM g
    WHERE execution_id = g._id AND task = g._task`,
);

const REOPEN = batch(
  'execution_reopen',
  { _id: 'text', _open: 'int' },
  () => `UPDATE triggers_execution SET state = 'running', open_ends = g._open, failed_tasks = 0, error = NULL,
      finished_at = NULL, closed_at = NULL, callback = NULL, callback_state = NULL, callback_error = NULL,
      callback_owner = NULL
    FROM g WHERE id = g._id AND state IN (${list(statesBefore(EXECUTION_EDGES, 'running').filter((state) => state === 'failed' || state === 'cancelled'))})
    RETURNING id`,
);

const REOPEN_FIRING = batch(
  'firing_reopen',
  { _id: 'text', _failed: 'int' },
  () => `UPDATE triggers_firing SET open_executions = open_executions + 1, failed_executions = failed_executions - g._failed
    FROM g WHERE id = g._id`,
);

/** What an operator's wish about an execution met. */
export type ControlOutcome =
  | { readonly status: 'done'; readonly state: ExecutionState; readonly workflow: string }
  | { readonly status: 'refused'; readonly state: ExecutionState }
  | { readonly status: 'heldByOther'; readonly holder: Holder }
  /** A replay has taken its place. */
  | { readonly status: 'replayed'; readonly by: FiringId }
  /** Every task has completed, although the execution was cancelled. */
  | { readonly status: 'nothingLeft' }
  | { readonly status: 'absent' };

/** Cancels: what has not started will not; what runs is told, and the execution ends when the last body has returned. */
export function* cancelExecution(id: ExecutionId, scope: CommitScope): Work<ControlOutcome> {
  if (!(yield* move(id, 'cancelling', ['pending', 'running', 'paused'])))
    return yield* refusal(id, ['cancelling', 'cancelled']);
  yield* run(CANCEL_TASKS, [[id]]);
  const facts = (yield* readFacts([id])).get(id);
  if (facts !== undefined) yield* cutShort({ facts, failed: 0, error: null, workflowCallbacks: {} }, scope);
  return yield* done(id);
}

/** Pauses: what runs ends, nothing more starts. */
export function* pauseExecution(id: ExecutionId): Work<ControlOutcome> {
  if (!(yield* move(id, 'paused', statesBefore(EXECUTION_EDGES, 'paused')))) return yield* refusal(id, ['paused']);
  yield* run(HOLD_TASKS, [[id]]);
  return yield* done(id);
}

/** Ends a pause. */
export function* resumeExecution(id: ExecutionId, scope: CommitScope): Work<ControlOutcome> {
  if (!(yield* move(id, 'running', ['paused']))) return yield* refusal(id, []);
  for (const row of yield* run(LET_GO_TASKS, [[id]])) {
    const waitsMs = Math.max(0, Math.ceil(Number(row['waits_ms'])));
    scope.leavesReady(readyTask(row, id, row['task'] as string, waitsMs));
  }
  return yield* done(id);
}

/**
 * Goes on with an ended execution: every task that has not completed gets a fresh budget of attempts, from the failed
 * ones on. A `running` dedup key is taken again first; when another firing holds it, or a replay has taken its place, nothing
 * changes.
 */
export function* retryExecution(id: ExecutionId, scope: CommitScope): Work<ControlOutcome> {
  yield* lockExecutions([id]);
  const [before] = yield* run(READ_STATE, [[id]]);
  const facts = (yield* readFacts([id])).get(id);
  if (before === undefined || facts === undefined) return { status: 'absent' };
  const state = before['state'] as ExecutionState;
  const obstacle = whyNotRetried(before);
  if (obstacle !== null) return obstacle;
  const { resets, skips, ends } = planRetry(yield* run(READ_TASKS, [[id]]));
  if (resets.length === 0) return { status: 'nothingLeft' };
  const holder = yield* retakeKey(facts);
  if (holder !== null) return { status: 'heldByOther', holder };
  if ((yield* run(REOPEN, [[id, ends]])).length === 0) return yield* refusal(id, []);
  const reset = yield* run(
    RESET_TASK,
    resets.map((values) => [id, ...values]),
  );
  yield* run(
    SKIP_TASK,
    skips.map((task) => [id, task]),
  );
  if (facts.siblings > 1) yield* run(REOPEN_FIRING, [[facts.firingId, state === 'failed' ? 1 : 0]]);
  for (const row of reset)
    if (row['state'] === 'ready') scope.leavesReady(readyTask(row, id, row['task'] as string, 0));
  return yield* done(id);
}

function whyNotRetried(row: Row): ControlOutcome | null {
  const [state, by] = [row['state'] as ExecutionState, row['closed_by'] as FiringId | null];
  if (state !== 'failed' && state !== 'cancelled') return { status: 'refused', state };
  return by === null ? null : { status: 'replayed', by };
}

/** Takes a `running` key again, also out of a cool-down, which an operator ends; returns who runs with it. */
function* retakeKey({ dedup, firingId }: ExecutionFacts): Work<Holder | null> {
  if (dedup?.scope !== 'running') return null;
  const wish = { ...dedup, windowMs: null, label: '', replay: true };
  return (yield* contend([{ wish, firingId }])).get(keyOf(wish)) ?? null;
}

type Reset = readonly [task: string, state: TaskState, open: number, succeeded: number, skipped: number];

interface RetryPlan {
  readonly resets: readonly Reset[];
  /** Tasks that will not run. */
  readonly skips: readonly string[];
  /** Of the tasks that run again, those that no other of them waits for. */
  readonly ends: number;
}

/**
 * What each task that runs again starts from. A task that was skipped after its dependencies had completed stays so; one
 * that was cancelled before its dependencies ended is skipped now if its `runWhen` says so.
 */
function planRetry(rows: readonly Row[]): RetryPlan {
  const stays = new Map<string, TaskState>();
  const resets: Reset[] = [];
  const skips: string[] = [];
  for (const row of rows) {
    const [task, state] = [row['task'] as string, row['state'] as TaskState];
    const { dependencies } = placeOf(row);
    const open = dependencies.filter((name) => !stays.has(name)).length;
    const succeeded = dependencies.filter((name) => stays.get(name) === 'completed').length;
    const skipped = dependencies.length - open - succeeded;
    if (state === 'completed' || (state === 'skipped' && open === 0)) {
      stays.set(task, state);
    } else if (open === 0 && dependencies.length > 0 && !startsAfter(row['run_when'], succeeded, skipped)) {
      stays.set(task, 'skipped');
      skips.push(task);
    } else {
      resets.push([task, open === 0 ? 'ready' : 'blocked', open, succeeded, skipped]);
    }
  }
  const awaited = new Set(
    rows.filter((row) => !stays.has(row['task'] as string)).flatMap((row) => placeOf(row).dependencies),
  );
  return { resets, skips, ends: resets.filter(([task]) => !awaited.has(task)).length };
}

/** `runWhen` where no dependency has failed: those that did run again. */
function startsAfter(runWhen: unknown, succeeded: number, skipped: number): boolean {
  if (runWhen === 'allDone' || runWhen === 'noneFailed') return true;
  if (runWhen === 'anyFailed') return false;
  return runWhen === 'anySucceeded' ? succeeded > 0 : skipped === 0;
}

/** Locks first: on Postgres an UPDATE that had to wait for another node found nothing, although the state let it. */
function* move(id: ExecutionId, state: ExecutionState, from: readonly ExecutionState[]): Work<boolean> {
  yield* lockExecutions([id]);
  return (yield* run(MOVE, [[id, state, JSON.stringify(from)]])).length === 1;
}

function* done(id: ExecutionId): Work<ControlOutcome> {
  const [row] = yield* run(READ_STATE, [[id]]);
  return { status: 'done', state: row?.['state'] as ExecutionState, workflow: row?.['workflow'] as string };
}

/** @param already states in which the wish was fulfilled before: a repeated one is answered as success */
function* refusal(id: ExecutionId, already: readonly ExecutionState[]): Work<ControlOutcome> {
  const [row] = yield* run(READ_STATE, [[id]]);
  if (row === undefined) return { status: 'absent' };
  const state = row['state'] as ExecutionState;
  if (already.includes(state)) return { status: 'done', state, workflow: row['workflow'] as string };
  return { status: 'refused', state };
}
