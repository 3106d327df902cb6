import type { ExecutionId, NodeId } from '../../model/ids.js';
import { hasEnded } from '../../model/states.js';
import type { ExecutionState } from '../../model/states.js';
import type { StoredError } from '../claimer.js';
import type { CommitScope } from '../commit-kind.js';
import { run, runEach } from '../dialects/batch.js';
import type { Row, Work } from '../dialects/batch.js';
import { countOnDependants } from './dependants.js';
import type { EndedTask, ExecutionEnd, SkippedTask } from './ended-task.js';
import { COMPLETE_EXECUTION, COUNT_ENDED, LEAVE_RUNNING } from './graph.statements.js';
import { leaveFollowUps } from './follow-up.commit.js';
import { releaseEnded } from './release.js';

/** What followed from the ended tasks. */
export interface Advanced {
  readonly ends: ReadonlyMap<ExecutionId, ExecutionEnd>;
  /** Tasks that were skipped because of how their dependencies ended. */
  readonly skipped: ReadonlyMap<ExecutionId, readonly SkippedTask[]>;
}

/**
 * Moves executions on after tasks have ended: counts them on their dependants, readies or skips those that waited for nothing
 * else (a skip is an end, so this repeats until nothing more ends), ends executions, gives dedup keys back with the last
 * execution of a firing, and leaves follow-ups for the triggers that follow an end. Only counters are read, never siblings. The rows of the executions are locked.
 *
 * An execution counts its open ends: tasks that have not ended and that nothing open depends on. When the last of them has
 * ended, all have. So the end of a task that has a dependant changes no row of its execution.
 */
export function* advance(ended: readonly EndedTask[], scope: CommitScope): Work<Advanced> {
  const ends = new Map<ExecutionId, ExecutionEnd>();
  const skipped = new Map<ExecutionId, SkippedTask[]>();
  for (let wave = ended; wave.length > 0;) {
    yield* count(countsOf(wave), ends, scope);
    const { left, unheard } = yield* countOnDependants(wave, scope);
    if (unheard.length > 0) yield* count(endsOf(unheard), ends, scope);
    for (const { ended: next, reason } of left) {
      const { executionId } = next.facts;
      skipped.set(executionId, [...(skipped.get(executionId) ?? []), { task: next.task, reason }]);
    }
    wave = left.map((item) => item.ended);
  }
  yield* releaseEnded(ended, ends);
  yield* leaveFollowUps(ended, ends, scope);
  return { ends, skipped };
}

/** An execution whose waiting tasks were ended all at once. */
export interface CutExecution extends Pick<EndedTask, 'facts' | 'workflowCallbacks'> {
  /** How many of them have failed. */
  readonly failed: number;
  /** The error of the execution as JSON, if it has failed. */
  readonly error: string | null;
}

/** Goes on with an execution that was cut short: what runs is all that is open. Returns its end, unless a body still runs. */
export function* cutShort(cut: CutExecution, scope: CommitScope): Work<ExecutionEnd | null> {
  const { facts, failed, error, workflowCallbacks: callbacks } = cut;
  const ends = new Map<ExecutionId, ExecutionEnd>();
  yield* run(LEAVE_RUNNING, [[facts.executionId]]);
  yield* count(new Map([[facts.executionId, { ended: 0, failed, error, callbacks }]]), ends, scope);
  yield* releaseEnded([cut], ends);
  yield* leaveFollowUps([cut], ends, scope);
  return ends.get(facts.executionId) ?? null;
}

interface Count {
  ended: number;
  failed: number;
  /** JSON of the first task that failed. */
  error: string | null;
  readonly callbacks: EndedTask['workflowCallbacks'];
}

type Counts = ReadonlyMap<ExecutionId, Count>;

function* count(counts: Counts, ends: Map<ExecutionId, ExecutionEnd>, scope: CommitScope): Work<void> {
  const nodeId = scope.claimer?.nodeId;
  const left = yield* complete(counts, ends, nodeId);
  const answer = yield* runEach(
    COUNT_ENDED,
    left.map(([id, { ended, failed, error, callbacks }]) => [
      id,
      ended,
      failed,
      error,
      callbacks.onSuccess ? 'onSuccess' : null,
      callbacks.onFailure ? 'onFailure' : null,
      nodeId,
    ]),
  );
  left.forEach(([id], at) => {
    const row = answer[at];
    if (row !== undefined && row['open_ends'] === 0 && hasEnded(row['state'] as ExecutionState))
      ends.set(id, endOf(row));
  });
}

/** The common case first: whatever has completed with these tasks. Returns the others. */
function* complete(
  counts: Counts,
  ends: Map<ExecutionId, ExecutionEnd>,
  nodeId: NodeId | undefined,
): Work<(readonly [ExecutionId, Count])[]> {
  const succeeded = [...counts].filter(([, { ended, failed }]) => ended > 0 && failed === 0);
  const answer = yield* runEach(
    COMPLETE_EXECUTION,
    succeeded.map(([id, { ended, callbacks }]) => {
      const callback = callbacks.onSuccess ? 'onSuccess' : null;
      return [id, ended, callback, callback && 'pending', nodeId];
    }),
  );
  succeeded.forEach(([id, { callbacks }], at) => {
    if (answer[at] === undefined) return;
    ends.set(id, { state: 'completed', callback: callbacks.onSuccess ? 'onSuccess' : null, error: null });
  });
  return [...counts].filter(([id]) => !ends.has(id));
}

/** What is known before the dependants are asked: failures, and tasks that nothing depends on. */
function countsOf(wave: readonly EndedTask[]): Counts {
  const counts = new Map<ExecutionId, Count>();
  for (const task of wave) {
    if (task.state !== 'failed' && task.dependents.length > 0) continue;
    const found = countOf(task, counts);
    if (task.dependents.length === 0) found.ended += 1;
    if (task.state !== 'failed') continue;
    found.failed += 1;
    found.error ??= errorOf(task);
  }
  return counts;
}

/** Tasks whose dependants had all ended before them: cancelled, or kept by an operator's retry. */
function endsOf(unheard: readonly EndedTask[]): Counts {
  const counts = new Map<ExecutionId, Count>();
  for (const task of unheard) countOf(task, counts).ended += 1;
  return counts;
}

function countOf({ facts, workflowCallbacks: callbacks }: EndedTask, counts: Map<ExecutionId, Count>): Count {
  let found = counts.get(facts.executionId);
  if (found === undefined) counts.set(facts.executionId, (found = { ended: 0, failed: 0, error: null, callbacks }));
  return found;
}

/** The error of an execution as JSON: that of the first task that failed. */
export function errorOf({ task, error }: Pick<EndedTask, 'task' | 'error'>): string {
  const { name = 'Error', message = '', code } = error ?? {};
  return JSON.stringify({ task, name, message, code });
}

function endOf(row: Row): ExecutionEnd {
  return {
    state: row['state'] as ExecutionState,
    callback: row['callback'] as ExecutionEnd['callback'],
    error: row['error'] === null ? null : (JSON.parse(row['error'] as string) as StoredError),
  };
}
