import type { ExecutionId } from './ids.js';

/** A task that has ended for good, or is about to be tried again. */
export interface EndedTaskNotice {
  readonly executionId: ExecutionId;
  readonly workflow: string;
  readonly task: string;
  readonly kind: 'onSuccess' | 'onFailure' | 'onRetry';
  readonly error: Error | null;
  /** What the callback sees: the task's context, its own output included. */
  readonly context: unknown;
}

/** An execution that has ended. */
export interface EndedExecutionNotice {
  readonly executionId: ExecutionId;
  readonly workflow: string;
  /** The callback to tell, or `null` when the workflow declares none for this end. */
  readonly kind: 'onSuccess' | 'onFailure' | null;
  readonly error: Error | null;
}

/**
 * Who is told after a commit, in the turn of the commit and before dependants are handed out. The engine calls it; the
 * callbacks implement it.
 */
export abstract class EndListener {
  abstract taskEnded(notice: EndedTaskNotice): void;
  abstract executionEnded(notice: EndedExecutionNotice): void;
  /** Resolves when every callback of this execution that this process knows has settled. */
  abstract settled(executionId: ExecutionId): Promise<void>;
}
