import type { ExecutionId, FiringId, LeaseToken, NodeId, TaskExecutionId } from '../model/ids.js';
import type { SourceKind } from '../model/states.js';

/** The place of a task in its execution's graph, as stored on its row: the execution ends on the graph it started with. */
export interface TaskPlace {
  readonly dependencies: readonly string[];
  readonly dependents: readonly string[];
  /** Everything before it, in topological order. */
  readonly ancestors: readonly string[];
}

/** A dedup key that work holds. */
export interface DedupHold {
  readonly space: string;
  readonly key: Buffer;
  readonly scope: 'running' | 'window' | 'ever';
  readonly cooldown: boolean;
}

/** What is the same for all tasks of an execution. */
export interface ExecutionFacts {
  readonly executionId: ExecutionId;
  readonly workflow: string;
  readonly hash: string;
  readonly firingId: FiringId;
  readonly trigger: string | null;
  readonly kind: SourceKind;
  /** Causes behind it: 0 for an event from outside. */
  readonly depth: number;
  /** Executions of the same firing, this one included. */
  readonly siblings: number;
  readonly dedup: DedupHold | null;
  /** JSON of the input. */
  readonly input: string;
}

/** One failed attempt before the current one. */
export interface AttemptRecord {
  readonly attempt: number;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly error: StoredError;
  readonly node: NodeId;
}

/** An error as rows and the API carry it. */
export interface StoredError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
}

/** A task that this node has claimed; whoever holds the token may finish it. */
export interface ClaimedTask {
  readonly facts: ExecutionFacts;
  readonly id: TaskExecutionId;
  readonly task: string;
  readonly place: TaskPlace;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly rescues: number;
  readonly priority: number;
  readonly attempts: readonly AttemptRecord[];
  readonly token: LeaseToken;
  /** JSON outputs of the ancestors, by task; `null` of one that left none. */
  readonly outputs: ReadonlyMap<string, string | null>;
}

/** A task that is ready, or will be after a while, and that nobody has claimed. */
export interface ReadyTask {
  readonly id: TaskExecutionId;
  readonly executionId: ExecutionId;
  readonly task: string;
  readonly pool: string;
  readonly priority: number;
  /** How long it still waits; 0 when it may run now. */
  readonly inMs: number;
}

/**
 * The engine of this node, as the store sees it. A commit that makes a task ready claims it at once when the engine has
 * a free slot: one commit instead of two.
 */
export interface Claimer {
  readonly nodeId: NodeId;
  /** `workflow:hash` of everything that this node can run. */
  readonly declared: readonly string[];
  /** The pools that it serves. */
  readonly pools: readonly string[];
  /** Whether tasks of that shape and pool may be claimed in passing now. */
  accepts(workflow: string, hash: string, pool: string): boolean;
  /** The pool that the code of this node gives a task; `undefined` where it does not declare the task. */
  poolOf(workflow: string, hash: string, task: string): string | undefined;
  /** {@link pools}, each time beginning with the next one: none starves behind another. */
  poolsInTurn(): readonly string[];
  /** Takes up to `wanted` slots; none while this node must not claim. */
  takeSlots(wanted: number): number;
  /** Gives back slots that no task was claimed for. */
  giveBackSlots(places: number): void;
  /** Tasks that a commit claimed, in order; each has a slot. Called in the turn of the commit, after its results were told. */
  start(tasks: readonly ClaimedTask[]): void;
  /** Whether a task waits that must run alone: nothing else is claimed until it has ended. */
  readonly isQuiet: boolean;
}
