import type { ExecutionId, LeaseToken } from '../../model/ids.js';
import type { AttemptRecord, StoredError } from '../claimer.js';
import { COMMIT_ORDER } from '../commit-kind.js';
import type { CommitKind, CommitScope } from '../commit-kind.js';
import { change, runEach } from '../dialects/batch.js';
import type { Work } from '../dialects/batch.js';
import { lockExecutions, ofExecution, TASK } from './graph.statements.js';
import { readyTask } from './ready-task.js';

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
  /** The pool that it waits in; `null` leaves it where it is. */
  readonly pool: string | null;
}

/** Who holds which task. */
export type HeldTask = Pick<PutBackItem, 'executionId' | 'task' | 'token'>;

/** A held task that goes back at once, with no attempt spent. */
export function putBackNow(
  why: 'release' | 'rescue',
  { executionId, task, token }: HeldTask,
  pool: string | null = null,
): PutBackItem {
  return { why, executionId, task, token, delayMs: 0, error: null, attempts: null, pool };
}

const PUT_BACK = change({
  ...TASK,
  name: 'task_put_back',
  columns: {
    _execution: 'text',
    _task: 'text',
    _token: 'text',
    _run: 'instant',
    _attempts: 'text',
    _error: 'text',
    _spent: 'int',
    _rescued: 'int',
    _pool: 'text',
  },
  set: ({ now }) => `state = CASE WHEN ${ofExecution('state')} = 'paused' THEN 'blocked' ELSE 'ready' END,
    pool = COALESCE(g._pool, pool), held_by = CASE WHEN ${ofExecution('state')} = 'paused' THEN 'pause' END,
    attempt = attempt + g._spent, rescues = rescues + g._rescued, run_at = g._run, waits_since = ${now}, owner = NULL,
    lease_token = NULL, started_at = NULL, attempts = COALESCE(g._attempts, attempts), error = COALESCE(g._error, error)`,
  when: `state = 'running' AND lease_token = g._token AND ${ofExecution('state')} <> 'cancelling'`,
  returning: ['id', 'pool', 'priority', 'state'],
});

/** Claimed tasks that go back. The outcome says whether the task was still held, and its execution still wanted it. */
export const PUT_BACK_TASK: CommitKind<PutBackItem, boolean> = {
  name: 'putBack',
  order: COMMIT_ORDER.putBack,
  bytes: () => 400,
  run: commitPutBacks,
};

function* commitPutBacks(items: readonly PutBackItem[], scope: CommitScope): Work<readonly boolean[]> {
  // Of several wishes about one claim the first counts.
  const first = new Map<string, PutBackItem>();
  for (const item of items) if (!first.has(keyOf(item))) first.set(keyOf(item), item);
  const wanted = [...first].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
  yield* lockExecutions(wanted.map(({ executionId }) => executionId));
  const answer = yield* runEach(PUT_BACK, wanted.map(rowOf));
  const moved = new Set<PutBackItem>();
  wanted.forEach((item, at) => {
    const row = answer[at];
    if (row === undefined) return;
    moved.add(item);
    const { executionId, task, delayMs } = item;
    if (row['state'] === 'ready') scope.leavesReady(readyTask(row, executionId, task, delayMs));
  });
  return items.map((item) => moved.has(item));
}

function rowOf({ executionId, task, token, delayMs, attempts, error, why, pool }: PutBackItem): unknown[] {
  return [
    executionId,
    task,
    token,
    delayMs,
    attempts && JSON.stringify(attempts),
    error && JSON.stringify(error),
    why === 'retry' ? 1 : 0,
    why === 'rescue' ? 1 : 0,
    pool,
  ];
}

function keyOf({ executionId, task, token }: PutBackItem): string {
  return `${executionId}/${task}/${token}`;
}
