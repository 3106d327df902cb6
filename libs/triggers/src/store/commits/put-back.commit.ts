import type { ExecutionId, LeaseToken } from '../../model/ids.js';
import type { AttemptRecord, StoredError } from '../claimer.js';
import { COMMIT_ORDER } from '../commit-kind.js';
import type { CommitKind, CommitScope } from '../commit-kind.js';
import { batch, run } from '../dialects/batch.js';
import type { Work } from '../dialects/batch.js';
import { lockExecutions } from './graph.statements.js';

/**
 * A claimed task that goes back to `ready`.
 * - `retry`: an attempt failed and there are more; the wait is a row, so it survives a restart.
 * - `release`: this node stops or cannot run it; no attempt is spent.
 * - `rescue`: its node died; no attempt is spent, but a rescue.
 */
export interface PutBackItem {
  readonly why: 'retry' | 'release' | 'rescue';
  readonly executionId: ExecutionId;
  readonly task: string;
  readonly token: LeaseToken;
  readonly delayMs: number;
  readonly error: StoredError | null;
  readonly attempts: readonly AttemptRecord[] | null;
}

/** Who holds which task. */
export type HeldTask = Pick<PutBackItem, 'executionId' | 'task' | 'token'>;

/** A held task that goes back at once, with no attempt spent. */
export function putBackNow(why: 'release' | 'rescue', { executionId, task, token }: HeldTask): PutBackItem {
  return { why, executionId, task, token, delayMs: 0, error: null, attempts: null };
}

const PUT_BACK = batch(
  'task_put_back',
  {
    _execution: 'text',
    _task: 'text',
    _token: 'text',
    _run: 'instant',
    _attempts: 'text',
    _error: 'text',
    _spent: 'int',
    _rescued: 'int',
  },
  ({ now }) => `UPDATE triggers_task SET
      state = CASE WHEN e._state = 'paused' THEN 'blocked' ELSE 'ready' END,
      held_by = CASE WHEN e._state = 'paused' THEN 'pause' END,
      attempt = attempt + e._spent, rescues = rescues + e._rescued, run_at = e._run, waits_since = ${now},
      owner = NULL, lease_token = NULL, started_at = NULL, attempts = COALESCE(e._attempts, attempts), error = COALESCE(e._error, error)
    FROM (SELECT g.*, x.state AS _state FROM g JOIN triggers_execution x ON x.id = g._execution) e
    WHERE execution_id = e._execution AND task = e._task AND state = 'running' AND lease_token = e._token
      AND e._state <> 'cancelling'
    RETURNING execution_id, task`,
);

/** Claimed tasks that go back. The outcome says whether the task was still held, and its execution still wanted it. */
export const PUT_BACK_TASK: CommitKind<PutBackItem, boolean> = {
  name: 'putBack',
  order: COMMIT_ORDER.putBack,
  bytes: () => 400,
  run: commitPutBacks,
};

function* commitPutBacks(items: readonly PutBackItem[], scope: CommitScope): Work<readonly boolean[]> {
  const rows = [...items]
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
    .map((item) => [
      item.executionId,
      item.task,
      item.token,
      item.delayMs,
      item.attempts && JSON.stringify(item.attempts),
      item.error && JSON.stringify(item.error),
      item.why === 'retry' ? 1 : 0,
      item.why === 'rescue' ? 1 : 0,
    ]);
  yield* lockExecutions(items.map(({ executionId }) => executionId));
  const moved = new Set(
    (yield* run(PUT_BACK, rows)).map((row) => `${String(row['execution_id'])}/${String(row['task'])}`),
  );
  for (const item of items) if (moved.has(keyOf(item))) scope.leavesReady(item.delayMs);
  return items.map((item) => moved.has(keyOf(item)));
}

function keyOf({ executionId, task }: PutBackItem): string {
  return `${executionId}/${task}`;
}
