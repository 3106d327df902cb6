import type { ExecutionState } from '../../model/states.js';
import type { ClaimedTask, ExecutionFacts, StoredError } from '../claimer.js';

/** A task that has just ended in this commit. */
export interface EndedTask {
  readonly facts: ExecutionFacts;
  readonly task: string;
  readonly dependents: readonly string[];
  readonly state: 'completed' | 'failed' | 'skipped' | 'cancelled';
  readonly error: StoredError | null;
  /** The callbacks that the workflow declares, should this end the execution. */
  readonly workflowCallbacks: { readonly onSuccess?: unknown; readonly onFailure?: unknown };
  /** JSON outputs that this node knows: of the ancestors and, where something waits for it, of the task itself. */
  readonly outputs: ClaimedTask['outputs'];
}

/** The end of an execution. */
export interface ExecutionEnd {
  readonly state: ExecutionState;
  /** The callback of the workflow that is told. */
  readonly callback: 'onSuccess' | 'onFailure' | null;
  /** The error of the first task that failed. */
  readonly error: StoredError | null;
}

/** A task that will not run. */
export interface SkippedTask {
  readonly task: string;
  /** `upstream_failed`, or `run_when`: its dependencies did not end as its `runWhen` asks. */
  readonly reason: string;
}
