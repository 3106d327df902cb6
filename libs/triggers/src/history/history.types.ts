import type { JsonObject } from '../model/json.js';
import type { ExecutionId, FiringId } from '../model/ids.js';
import type { NodeDescription } from '../model/node-description.js';
import type { ExecutionState, FiringState, SourceKind, TaskState } from '../model/states.js';

/** A context as lists carry it: whole up to 2 KiB; beyond that `null`, and the beginning of its JSON as text. */
export interface ContextPreview {
  readonly context: JsonObject | null;
  readonly contextTruncated?: true;
  /** The first characters of the JSON text, when it was too long. */
  readonly contextPreview?: string;
}

/** An error as the API shows it. */
export interface ErrorView {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  /** The task that failed, on an execution. */
  readonly task?: string;
}

/** An execution in a list. Its context is its input. */
export interface ExecutionItem extends ContextPreview {
  readonly id: ExecutionId;
  readonly workflow: string;
  /** `null`: a program asked for it. */
  readonly trigger: string | null;
  readonly firingId: FiringId;
  readonly state: ExecutionState;
  readonly error: ErrorView | null;
  readonly replayOf: ExecutionId | null;
  readonly initiatedBy: string | null;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly durationMs: number | null;
}

/** An execution with everything that is known of it. */
export interface ExecutionDetail extends ExecutionItem {
  /** What was fired. */
  readonly input: JsonObject | null;
  /** What was sent, as text, where a trigger made the input of it and keeps it: manual triggers do. */
  readonly payload: string | null;
  /** The outputs of its tasks laid over each other in topological order; `null` until it has ended. */
  readonly result: JsonObject | null;
  readonly tasks: readonly TaskView[];
  readonly callbacks: readonly CallbackView[];
  readonly firing: FiringItem | null;
  /** Executions that replay this one, oldest first. */
  readonly replays: readonly ExecutionId[];
}

/** A task execution. */
export interface TaskView {
  readonly id: string;
  readonly task: string;
  /** Only nodes that serve it run the task. */
  readonly pool: string;
  readonly dependencies: readonly string[];
  readonly runWhen: string;
  readonly state: TaskState;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly rescues: number;
  readonly runAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly durationMs: number | null;
  readonly output: JsonObject | null;
  readonly error: ErrorView | null;
  /** Why it was skipped or cancelled. */
  readonly reason: string | null;
  /** The failed attempts that are still kept, then the current or last one. */
  readonly attempts: readonly AttemptView[];
  readonly callbacks: readonly CallbackView[];
  /** The node that runs it, or ran it last. */
  readonly node: string | null;
}

/** One attempt at a task. */
export interface AttemptView {
  readonly attempt: number;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly error: ErrorView | null;
  readonly node: string | null;
}

/** Somebody who is told of an end. */
export interface CallbackView {
  readonly kind: 'onSuccess' | 'onFailure';
  readonly state: 'pending' | 'completed' | 'failed';
  readonly error: string | null;
}

/** A row of the firing ledger. */
export interface FiringItem extends ContextPreview {
  readonly id: FiringId;
  readonly trigger: string | null;
  readonly kind: SourceKind;
  readonly state: FiringState;
  readonly dedupKey: string | null;
  readonly executionIds: readonly ExecutionId[];
  readonly duplicates: number;
  readonly lastDuplicateAt: string | null;
  readonly reason: string | null;
  readonly initiatedBy: string | null;
  /** The execution whose task fired it. */
  readonly causedBy: ExecutionId | null;
  /** The execution or the dead letter that it replays. */
  readonly replayOf: ExecutionId | FiringId | null;
  /** The tick that it stands for, or its `runAt`. */
  readonly scheduledFor: string | null;
  /** How long after its tick a schedule fired it; `null` for every other kind. */
  readonly latenessMs: number | null;
  readonly createdAt: string;
}

/** Equal outcomes of polls in a row. */
export interface TickItem {
  readonly id: string;
  readonly at: string;
  readonly lastAt: string;
  readonly count: number;
  readonly outcome: 'fired' | 'skipped' | 'failed' | 'superseded';
  readonly reason: string | null;
  readonly durationMs: number;
  readonly firingIds: readonly FiringId[];
}

/** Something that an operator did. */
export interface AuditItem {
  readonly id: string;
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly target: string;
  readonly reason: string | null;
  readonly address: string | null;
  readonly details: JsonObject | null;
}

/** What a dead letter is: a firing that could not start anything, or an execution that failed. */
export const DEAD_LETTER_KINDS = ['firing', 'execution'] as const;

/** One of {@link DEAD_LETTER_KINDS}. */
export type DeadLetterKind = (typeof DEAD_LETTER_KINDS)[number];

/** A firing that could not start anything. */
export interface DeadFiring extends Omit<FiringItem, 'kind'> {
  readonly kind: 'firing';
  readonly source: SourceKind;
  /** What the sender sent, as text, where it is not the context; its first 2 KiB. */
  readonly payload: string | null;
  /** When it was dealt with; `null` while it waits. */
  readonly closedAt: string | null;
  /** The firing that was accepted in its place; `null` while it waits, and when it was discarded. */
  readonly closedBy: FiringId | null;
}

/** An execution that failed. */
export interface DeadExecution extends ExecutionItem {
  readonly kind: 'execution';
  /** When it was replayed or discarded; `null` while it waits. */
  readonly closedAt: string | null;
  /** The firing that replayed it; `null` while it waits, and when it was discarded. */
  readonly closedBy: FiringId | null;
}

/** Something that went wrong for good and waits for a decision. */
export type DeadLetter = DeadFiring | DeadExecution;

/** A dead letter with everything that was kept. */
export type DeadLetterDetail = DeadLetter & {
  /** The whole context. */
  readonly input: JsonObject | null;
  /** The whole payload. */
  readonly payload: string | null;
  /** Where it came from. */
  readonly origin: JsonObject | null;
};

/** A running process of the application. */
export interface NodeItem extends NodeDescription {
  readonly id: string;
  readonly startedAt: string;
  readonly leaseUntil: string;
  /** Its lease has not run out, by the clock of the database. */
  readonly alive: boolean;
  /** Tasks that are its own now. */
  readonly runningTasks: number;
  /** Triggers that it polls. */
  readonly ownedTriggers: number;
}

/** A pool with ready tasks that no living node serves. */
export interface UnservedPool {
  readonly pool: string;
  /** Tasks that wait in it, now or after a delay of theirs; exact up to 10,000. */
  readonly ready: number | '10000+';
}

/** The processes of the application, those that died for another day, and what waits for one that is not there. */
export interface NodesOverview {
  /** By name. */
  readonly items: readonly NodeItem[];
  readonly unservedPools: readonly UnservedPool[];
}

/** How an execution ended, for the program that waited for it. */
export interface ExecutionEnding {
  readonly state: ExecutionState;
  readonly workflow: string;
  readonly input: JsonObject;
  readonly result: JsonObject;
  readonly error: ErrorView | null;
}
