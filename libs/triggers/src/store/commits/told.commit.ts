import type { ExecutionId } from '../../model/ids.js';
import { COMMIT_ORDER } from '../commit-kind.js';
import type { CommitKind } from '../commit-kind.js';
import { batch, send } from '../dialects/batch.js';
import type { Work } from '../dialects/batch.js';

/** A callback that has settled. */
export interface ToldItem {
  readonly executionId: ExecutionId;
  /** `null`: the callback of the workflow. */
  readonly task: string | null;
  /** Why it failed; `null` when it did not. */
  readonly error: string | null;
}

const OUTCOME = `callback_state = CASE WHEN g._error IS NULL THEN 'completed' ELSE 'failed' END, callback_error = g._error`;
const PENDING = `callback_state = 'pending'`;

const TOLD_TASK = batch(
  'told_task',
  { _execution: 'text', _task: 'text', _error: 'text' },
  ({ ifSo }) => `UPDATE triggers_task SET ${OUTCOME} FROM g
    WHERE execution_id = g._execution AND task = g._task AND ${ifSo(PENDING)}`,
);

const TOLD_EXECUTION = batch(
  'told_execution',
  { _execution: 'text', _error: 'text' },
  ({ ifSo }) => `UPDATE triggers_execution SET ${OUTCOME} FROM g WHERE id = g._execution AND ${ifSo(PENDING)}`,
);

/** Outcomes of callbacks. */
export const TOLD: CommitKind<ToldItem, void> = {
  name: 'told',
  order: COMMIT_ORDER.putBack,
  bytes: () => 200,
  run: commitTold,
};

function* commitTold(items: readonly ToldItem[]): Work<readonly void[]> {
  const sorted = [...items].sort((a, b) => (`${a.executionId}/${a.task}` < `${b.executionId}/${b.task}` ? -1 : 1));
  yield* send(
    TOLD_TASK,
    sorted.filter(({ task }) => task !== null).map(({ executionId, task, error }) => [executionId, task, error]),
  );
  yield* send(
    TOLD_EXECUTION,
    sorted.filter(({ task }) => task === null).map(({ executionId, error }) => [executionId, error]),
  );
  return items.map(() => undefined);
}
