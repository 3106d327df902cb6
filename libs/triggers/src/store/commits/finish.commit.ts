import type { AttemptRecord, ClaimedTask, StoredError } from '../claimer.js';
import { COMMIT_ORDER } from '../commit-kind.js';
import type { CommitKind, CommitScope } from '../commit-kind.js';
import { run, runEach } from '../dialects/batch.js';
import type { Work } from '../dialects/batch.js';
import { advance } from './advance.js';
import type { EndedTask, ExecutionEnd, SkippedTask } from './ended-task.js';
import { FINISHED_BEFORE, FINISH_TASK, lockExecutions } from './graph.statements.js';

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
  readonly workflowCallbacks: EndedTask['workflowCallbacks'];
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
  // Alone, and with nothing behind it, it touches its execution by one statement anyway.
  if (items.length > 1 || items[0]?.claimed.place.dependents.length !== 0)
    yield* lockExecutions(items.map(({ claimed }) => claimed.facts.executionId));
  const written = yield* finishTasks(items);
  const ended = items.filter((_, at) => written[at]);
  const { ends, skipped } = yield* advance(ended.map(endedTask), scope);
  const before = scope.repeated ? yield* finishedBefore(items) : NONE;
  // What follows from several ends of one execution is told once, after all of them.
  const last = new Map(ended.map((item) => [item.claimed.facts.executionId, item]));
  return items.map((item, at) => {
    const { executionId } = item.claimed.facts;
    if (!written[at]) return before.has(keyOf(item)) ? WRITTEN : REFUSED;
    if (last.get(executionId) !== item) return WRITTEN;
    return { written: true, end: ends.get(executionId) ?? null, skipped: skipped.get(executionId) ?? [] };
  });
}

const WRITTEN: FinishOutcome = { written: true, end: null, skipped: [] };
const REFUSED: FinishOutcome = { written: false, end: null, skipped: [] };
const NONE: ReadonlySet<string> = new Set();

/** Which items were written; of several results of one claim the first. */
function* finishTasks(items: readonly FinishItem[]): Work<readonly boolean[]> {
  const places = new Map<string, number>();
  const rows: unknown[][] = [];
  for (const item of items) {
    const key = keyOf(item);
    if (places.has(key)) continue;
    places.set(key, rows.length);
    rows.push(rowOf(item));
  }
  const answer = yield* runEach(FINISH_TASK, rows);
  return items.map((item) => {
    const key = keyOf(item);
    const place = places.get(key);
    places.delete(key);
    return place !== undefined && answer[place] !== undefined;
  });
}

function rowOf({ claimed, state, output, error, reason, attempts, callback }: FinishItem): unknown[] {
  return [
    claimed.facts.executionId,
    claimed.task,
    claimed.token,
    state,
    output,
    error && JSON.stringify(error),
    reason,
    attempts.length === 0 ? null : JSON.stringify(attempts),
    callback,
    callback && 'pending',
  ];
}

function* finishedBefore(items: readonly FinishItem[]): Work<ReadonlySet<string>> {
  const rows = items.map(({ claimed, state }) => [claimed.facts.executionId, claimed.task, claimed.token, state]);
  return new Set(
    (yield* run(FINISHED_BEFORE, rows)).map((row) => `${String(row['id'])}/${String(row['lease_token'])}`),
  );
}

function endedTask({ claimed, state, output, error, workflowCallbacks }: FinishItem): EndedTask {
  const { facts, task, place, outputs } = claimed;
  const { dependents } = place;
  const seen = dependents.length === 0 ? outputs : new Map(outputs).set(task, output);
  return { facts, task, dependents, state, error, workflowCallbacks, outputs: seen };
}

function keyOf({ claimed }: FinishItem): string {
  return `${claimed.id}/${claimed.token}`;
}
