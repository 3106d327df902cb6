import type { AttemptRecord, ClaimedTask, StoredError } from '../claimer.js';
import { COMMIT_ORDER } from '../commit-kind.js';
import type { CommitKind, CommitScope } from '../commit-kind.js';
import { run } from '../dialects/batch.js';
import type { Row, Work } from '../dialects/batch.js';
import { advance } from './advance.js';
import type { EndedTask, ExecutionEnd, SkippedTask } from './ended-task.js';
import { FINISHED_BEFORE, FINISH_TASK } from './graph.statements.js';

/** How a task that this node holds has ended. */
export interface FinishItem {
  readonly claimed: ClaimedTask;
  readonly state: 'completed' | 'failed' | 'skipped' | 'cancelled';
  /** JSON object, or `null` for none. */
  readonly output: string | null;
  readonly error: StoredError | null;
  /** Why it was skipped or cancelled. */
  readonly reason: string | null;
  /** The failed attempts, the last one included when it failed. */
  readonly attempts: readonly AttemptRecord[];
  /** The callback that is told, if the task declares it. */
  readonly callback: 'onSuccess' | 'onFailure' | null;
  /** The callbacks that the workflow declares, should this end the execution. */
  readonly workflowCallbacks: { readonly onSuccess: boolean; readonly onFailure: boolean };
}

/** What the commit of a finish found. */
export interface FinishOutcome {
  /** False when somebody else holds the task now: the result was refused, nothing changed. */
  readonly written: boolean;
  /** The end of the execution, if this was it. */
  readonly end: ExecutionEnd | null;
  /** Tasks that will not run because of this end. */
  readonly skipped: readonly SkippedTask[];
}

/** Ends of tasks, with everything that follows from them in the same commit. */
export const FINISH: CommitKind<FinishItem, FinishOutcome> = {
  name: 'finish',
  order: COMMIT_ORDER.finish,
  bytes: ({ output, error }) => 500 + (output?.length ?? 0) + (error?.stack?.length ?? 0),
  run: commitFinishes,
};

function* commitFinishes(items: readonly FinishItem[], scope: CommitScope): Work<readonly FinishOutcome[]> {
  const written = yield* finishTasks(items);
  const { ends, skipped } = yield* advance([...written].map(endedTask), scope);
  const refused = items.filter((item) => !written.has(item));
  const before = scope.repeated ? yield* finishedBefore(refused) : new Set<string>();
  // What follows from several ends of one execution is told once, after all of them.
  const last = new Map([...written].map((item) => [item.claimed.facts.executionId, item]));
  return items.map((item) => {
    const { executionId } = item.claimed.facts;
    if (!written.has(item)) return { written: before.has(keyOf(item)), end: null, skipped: [] };
    if (last.get(executionId) !== item) return { written: true, end: null, skipped: [] };
    return { written: true, end: ends.get(executionId) ?? null, skipped: skipped.get(executionId) ?? [] };
  });
}

/** The items that were written; of several results of one claim the first. */
function* finishTasks(items: readonly FinishItem[]): Work<Set<FinishItem>> {
  const first = new Map<string, FinishItem>();
  for (const item of items) if (!first.has(keyOf(item))) first.set(keyOf(item), item);
  const rows = [...first.values()]
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
    .map(({ claimed, state, output, error, reason, attempts, callback }) => [
      claimed.facts.executionId,
      claimed.task,
      claimed.token,
      state,
      output,
      error && JSON.stringify(error),
      reason,
      attempts.length === 0 ? null : JSON.stringify(attempts),
      callback,
    ]);
  const keys = new Set((yield* run(FINISH_TASK, rows)).map(rowKey));
  return new Set([...first].flatMap(([key, item]) => (keys.has(key) ? [item] : [])));
}

function* finishedBefore(items: readonly FinishItem[]): Work<Set<string>> {
  const rows = items.map(({ claimed, state }) => [claimed.facts.executionId, claimed.task, claimed.token, state]);
  return new Set((yield* run(FINISHED_BEFORE, rows)).map(rowKey));
}

function endedTask({ claimed, state, output, error, workflowCallbacks }: FinishItem): EndedTask {
  const outputs = output === null ? claimed.outputs : new Map(claimed.outputs).set(claimed.task, output);
  return {
    facts: claimed.facts,
    task: claimed.task,
    dependents: claimed.place.dependents,
    state,
    error,
    workflowCallbacks,
    outputs,
  };
}

function keyOf({ claimed }: FinishItem): string {
  return `${claimed.facts.executionId}/${claimed.task}/${claimed.token}`;
}

function rowKey(row: Row): string {
  return `${String(row['execution_id'])}/${String(row['task'])}/${String(row['lease_token'])}`;
}
