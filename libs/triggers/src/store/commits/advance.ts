import type { ExecutionId } from '../../model/ids.js';
import { hasEnded } from '../../model/states.js';
import type { ExecutionState } from '../../model/states.js';
import type { StoredError } from '../claimer.js';
import type { CommitScope } from '../commit-kind.js';
import { runEach } from '../dialects/batch.js';
import type { Row, Work } from '../dialects/batch.js';
import { countOnDependants } from './dependants.js';
import type { CountedExecution, EndedTask, ExecutionEnd, SkippedTask } from './ended-task.js';
import { COUNT_ENDED } from './graph.statements.js';
import { releaseEnded } from './release.js';

/** What followed from the ended tasks. */
export interface Advanced {
  readonly ends: ReadonlyMap<ExecutionId, ExecutionEnd>;
  /** Tasks that were skipped because of how their dependencies ended. */
  readonly skipped: ReadonlyMap<ExecutionId, readonly SkippedTask[]>;
}

/**
 * Moves executions on after tasks have ended: counts them on the execution, counts them on their dependants, readies or
 * skips those that waited for nothing else (a skip is an end, so this repeats until nothing more ends), and gives dedup
 * keys back with the last execution of a firing. Only counters are read, never siblings. Where there are several executions,
 * their rows are locked.
 */
export function* advance(ended: readonly EndedTask[], scope: CommitScope): Work<Advanced> {
  const ends = new Map<ExecutionId, ExecutionEnd>();
  const skipped = new Map<ExecutionId, SkippedTask[]>();
  for (let wave = ended; wave.length > 0;) {
    const executions = yield* countOnExecutions(wave, scope);
    for (const [id, row] of executions) if (hasEnded(row.state) && row.openTasks === 0) ends.set(id, row);
    const next = yield* countOnDependants(wave, executions, scope);
    for (const {
      ended: { facts, task },
      reason,
    } of next) {
      skipped.set(facts.executionId, [...(skipped.get(facts.executionId) ?? []), { task, reason }]);
    }
    wave = next.map((item) => item.ended);
  }
  yield* releaseEnded(ended, ends);
  return { ends, skipped };
}

function* countOnExecutions(wave: readonly EndedTask[], scope: CommitScope): Work<Map<ExecutionId, CountedExecution>> {
  const counts = countsOf(wave);
  const rows: unknown[][] = [];
  for (const [id, { ended, failed, error, callbacks }] of counts) {
    const [onSuccess, onFailure] = [callbacks.onSuccess ? 'onSuccess' : null, callbacks.onFailure ? 'onFailure' : null];
    rows.push([id, ended, failed, error, onSuccess, onFailure, scope.claimer?.nodeId]);
  }
  const answer = yield* runEach(COUNT_ENDED, rows);
  const counted = new Map<ExecutionId, CountedExecution>();
  let at = 0;
  for (const id of counts.keys()) {
    const row = answer[at++];
    if (row !== undefined) counted.set(id, countedOf(row));
  }
  return counted;
}

interface Count {
  ended: number;
  failed: number;
  /** JSON of the first task that failed. */
  error: string | null;
  readonly callbacks: EndedTask['workflowCallbacks'];
}

function countsOf(wave: readonly EndedTask[]): Map<ExecutionId, Count> {
  const counts = new Map<ExecutionId, Count>();
  for (const { facts, task, state, error, workflowCallbacks: callbacks } of wave) {
    let count = counts.get(facts.executionId);
    if (count === undefined) counts.set(facts.executionId, (count = { ended: 0, failed: 0, error: null, callbacks }));
    count.ended += 1;
    if (state !== 'failed') continue;
    count.failed += 1;
    const { name = 'Error', message = '', code } = error ?? {};
    count.error ??= JSON.stringify({ task, name, message, code });
  }
  return counts;
}

function countedOf(row: Row): CountedExecution {
  return {
    state: row['state'] as ExecutionState,
    openTasks: row['open_tasks'] as number,
    failedTasks: row['failed_tasks'] as number,
    callback: row['callback'] as ExecutionEnd['callback'],
    error: row['error'] === null ? null : (JSON.parse(row['error'] as string) as StoredError),
  };
}
