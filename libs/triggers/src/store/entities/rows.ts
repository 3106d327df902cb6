import type { ExecutionId, FiringId, NodeId, TaskExecutionId } from '../../model/ids.js';
import type { ExecutionState, FiringState, SourceKind, TaskState } from '../../model/states.js';

/** A firing as it is stored. JSON stands in text columns. */
export interface FiringRow {
  id: FiringId;
  trigger: string | null;
  kind: SourceKind;
  state: FiringState;
  dedupSpace: string | null;
  dedupKey: Buffer | null;
  dedupScope: 'running' | 'window' | 'ever' | null;
  /** Whether a failed execution keeps a `running` key for a cool-down. */
  dedupCooldown: boolean;
  /** The key as people see it: the explicit one, or `sha256:…`. */
  dedupLabel: string | null;
  context: string | null;
  /** JSON array of execution ids. */
  executions: string;
  openExecutions: number;
  failedExecutions: number;
  reason: string | null;
  initiatedBy: string | null;
  causedBy: ExecutionId | null;
  depth: number;
  /** Of one that is held: that of the tasks that wait for its release. */
  priority: number | null;
  /** Of one that is held: the key of the delivery that it came in, where it has another one. Its space is the trigger. */
  deliveryKey: Buffer | null;
  /** The execution or the dead letter that it replays. */
  replayOf: ExecutionId | FiringId | null;
  duplicates: number;
  lastDuplicateAt: Date | null;
  scheduledFor: Date | null;
  createdAt: Date;
  /** What the sender sent, where it is not the context; kept of dead letters only. */
  payload: string | null;
  /** JSON of where it came from; kept of what was refused only. */
  origin: string | null;
  /** Until when an equal key is the event of this dead letter; `null`: for ever. */
  letterUntil: Date | null;
  /** When a dead letter was dealt with. */
  closedAt: Date | null;
  /** The firing that was accepted in its place; `null` if it was discarded. */
  closedBy: FiringId | null;
}

/** An execution as it is stored. Its input is the context of its firing; its result is the merge of its tasks' outputs. */
export interface ExecutionRow {
  id: ExecutionId;
  firingId: FiringId;
  workflow: string;
  workflowHash: string;
  trigger: string | null;
  state: ExecutionState;
  openEnds: number;
  failedTasks: number;
  /** JSON `{ name, message, task }` of the first task that failed. */
  error: string | null;
  callback: 'onSuccess' | 'onFailure' | null;
  callbackState: 'pending' | 'completed' | 'failed' | null;
  callbackError: string | null;
  /** The node that tells the callback. */
  callbackOwner: NodeId | null;
  initiatedBy: string | null;
  replayOf: ExecutionId | null;
  createdAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
  /** When a failed one was dealt with: replayed, or discarded. */
  closedAt: Date | null;
  /** The firing that was accepted in its place; `null` for one that was discarded. */
  closedBy: FiringId | null;
}

/** A task execution as it is stored: the truth about the task, and the outbox of the engine. */
export interface TaskRow {
  executionId: ExecutionId;
  task: string;
  id: TaskExecutionId;
  ordinal: number;
  workflow: string;
  workflowHash: string;
  /** As the code said when the row was made, and again when it became ready. */
  pool: string;
  state: TaskState;
  /** JSON `{ dependencies, dependents, ancestors }`. */
  graph: string;
  runWhen: string;
  openDependencies: number;
  succeededDependencies: number;
  failedDependencies: number;
  /** Skipped or cancelled ones. */
  skippedDependencies: number;
  attempt: number;
  maxAttempts: number;
  rescues: number;
  priority: number;
  runAt: Date;
  /** Since when it waits for `runAt`, by the clock that said so; `null`: since its execution was made. */
  waitsSince: Date | null;
  owner: NodeId | null;
  leaseToken: string | null;
  /** Why a task that could be ready is `blocked`: `pause`. */
  heldBy: string | null;
  startedAt: Date | null;
  finishedAt: Date | null;
  output: string | null;
  /** JSON of the last error. */
  error: string | null;
  /** Why it was skipped or cancelled. */
  reason: string | null;
  /** JSON array of the failed attempts before the current one, bounded. */
  attempts: string | null;
  callback: 'onSuccess' | 'onFailure' | null;
  callbackState: 'pending' | 'completed' | 'failed' | null;
  callbackError: string | null;
  callbackOwner: NodeId | null;
}

/** What the database keeps of a trigger: operator state, poll state and counters. What the code declares is not stored. */
export interface TriggerRow {
  name: string;
  kind: SourceKind;
  enabledOverride: boolean | null;
  intervalOverrideMs: number | null;
  /** JSON. */
  cursor: string | null;
  /** Raised by every change of cursor or switch, so that a poll that started before is superseded. */
  cursorVersion: number;
  owner: NodeId | null;
  /** The node that asks the owner to hand it over, so that each polls its share. */
  wantedBy: NodeId | null;
  /** Raised by every change of owner. */
  epoch: number;
  polls: number;
  fires: number;
  skips: number;
  duplicates: number;
  failures: number;
  consecutiveFailures: number;
  lastError: string | null;
  suspendedAt: Date | null;
  lastPollAt: Date | null;
  lastFireAt: Date | null;
  /** JSON of the ends that it follows; `null` when it is no workflow trigger. */
  follows: string | null;
  firstSeenAt: Date;
  /** When a live node last declared it. */
  seenAt: Date;
}

/** Equal poll outcomes in a row. */
export interface TickRow {
  id: string;
  trigger: string;
  at: Date;
  lastAt: Date;
  count: number;
  outcome: 'fired' | 'skipped' | 'failed' | 'superseded';
  reason: string | null;
  durationMs: number;
  /** JSON array. */
  firingIds: string;
}

/** What an operator did. */
export interface AuditRow {
  id: string;
  at: Date;
  actor: string;
  action: string;
  target: string;
  reason: string | null;
  address: string | null;
  /** JSON. */
  details: string | null;
}

/** A running process of the application. */
export interface NodeRow {
  id: NodeId;
  name: string;
  leaseUntil: Date;
  /** How long its lease lasts after a renewal. */
  leaseMs: number;
  startedAt: Date;
  /** JSON array of `workflow:hash` that it declares. */
  workflows: string;
  /** JSON array. */
  roles: string;
  /** JSON array of the pools that it serves; empty without the role `worker`. */
  pools: string;
  /** Tasks that it runs at once; 0 without the role `worker`. */
  concurrency: number;
  host: string;
  pid: number;
  /** Of this package. */
  version: string;
}
