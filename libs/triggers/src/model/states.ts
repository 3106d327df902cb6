import { TriggersError } from './errors.js';

/** Where a firing comes from. `direct`: no trigger, a program asked for the execution. */
export type SourceKind = 'poll' | 'schedule' | 'webhook' | 'manual' | 'message' | 'entity' | 'workflow' | 'direct';

/**
 * What became of a firing.
 * - `accepted`: its executions exist.
 * - `rejected`: it did not fit the declared schema, or its sender is not who it says.
 * - `filtered`: the trigger's filter said no.
 * - `limited`: the rate limit refused it.
 * - `debounced`: a later firing of its key replaced it.
 * - `held`: its trigger is disabled; it waits.
 * - `dead`: it cannot start anything; an operator decides.
 */
export type FiringState = 'accepted' | 'rejected' | 'filtered' | 'limited' | 'debounced' | 'held' | 'dead';

/**
 * Where an execution stands. `pending`: no task has been claimed yet. `cancelling`: a body still runs. The last three
 * are ends; `failed` and `cancelled` go back to `running` only by a retry.
 */
export type ExecutionState = 'pending' | 'running' | 'paused' | 'cancelling' | 'completed' | 'failed' | 'cancelled';

/**
 * Where a task execution stands. `blocked`: waits for dependencies or for the end of a pause. `ready`: may be claimed
 * from its `runAt` on. `running`: claimed by a node. The rest are ends.
 */
export type TaskState = 'blocked' | 'ready' | 'running' | 'completed' | 'failed' | 'skipped' | 'cancelled';

/** State of a trigger as people see it; the first that applies. */
export type TriggerState = 'undeclared' | 'disabled' | 'suspended' | 'stalled' | 'failing' | 'active';

/** Every edge of the life of an execution. */
export const EXECUTION_EDGES: Readonly<Record<ExecutionState, readonly ExecutionState[]>> = {
  pending: ['running', 'paused', 'cancelling', 'cancelled', 'completed', 'failed'],
  running: ['paused', 'cancelling', 'cancelled', 'completed', 'failed'],
  paused: ['pending', 'running', 'cancelling', 'cancelled', 'completed', 'failed'],
  cancelling: ['cancelled'],
  completed: [],
  failed: ['running'],
  cancelled: ['running'],
};

/** Every edge of the life of a task execution. */
export const TASK_EDGES: Readonly<Record<TaskState, readonly TaskState[]>> = {
  blocked: ['ready', 'running', 'skipped', 'cancelled'],
  ready: ['running', 'blocked', 'cancelled', 'failed'],
  running: ['ready', 'blocked', 'completed', 'failed', 'skipped', 'cancelled'],
  completed: [],
  failed: ['ready', 'blocked'],
  skipped: ['ready', 'blocked'],
  cancelled: ['ready', 'blocked', 'skipped'],
};

/** The states that an execution ends in. */
export const ENDED_EXECUTION = ['completed', 'failed', 'cancelled'] as const satisfies readonly ExecutionState[];

/** How an execution has ended. */
export type EndState = (typeof ENDED_EXECUTION)[number];

/** Whether an execution has ended. */
export function hasEnded(state: ExecutionState): boolean {
  return (ENDED_EXECUTION as readonly ExecutionState[]).includes(state);
}

/** The states that `edges` lets become `to`: what a guarded update expects to find. */
export function statesBefore<S extends string>(edges: Readonly<Record<S, readonly S[]>>, to: S): readonly S[] {
  const before = (Object.keys(edges) as S[]).filter((from) => edges[from].includes(to));
  if (before.length === 0) throw new TriggersError('TRG_BUG_INVALID_STATE', `Nothing may become "${to}".`);
  return before;
}
