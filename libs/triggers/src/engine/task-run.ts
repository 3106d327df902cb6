import type { Logger } from '@nestjs/common';
import type { TimerHandle } from '../model/clock.js';
import { TriggersError } from '../model/errors.js';
import type { ClaimedTask } from '../store/claimer.js';
import type { TaskDefinition, WorkflowDefinition } from '../workflows/workflow.definition.js';
import { AttemptContext, outputsSeen } from './task-context.impl.js';
import type { AttemptHandle } from './task-context.impl.js';

/** Why a running body was told to stop. */
export type AbortCause = 'timeout' | 'cancelled' | 'stopping' | 'leaseLost';

/** How a body ended. */
export type BodyEnd =
  | { readonly kind: 'returned'; readonly value: unknown }
  | { readonly kind: 'threw'; readonly error: unknown }
  | { readonly kind: 'skipped' };

/** Told how far a body is. */
export type ReportProgress = (run: TaskRun, fraction: number, note: string | undefined) => void;

/** One attempt of a task on this node, from claim to commit: the state object that the steps of the runner share. */
export class TaskRun implements AttemptHandle {
  readonly context: AttemptContext;
  /** The timer of the deadline, then of the grace after it. */
  timer: TimerHandle | undefined;
  /** Set when the run is over for the engine: its result is on its way, or must not count. */
  isOver = false;
  /** Counted as a body that does not return. */
  isZombie = false;
  abortCause: AbortCause | undefined;
  #controller: AbortController | undefined;

  constructor(
    readonly claimed: ClaimedTask,
    readonly workflow: WorkflowDefinition,
    readonly definition: TaskDefinition,
    readonly startedAtMs: number,
    private readonly report: ReportProgress,
    logger: Logger,
  ) {
    this.context = new AttemptContext(claimed.facts, outputsSeen(claimed), logger, this);
  }

  get taskId(): string {
    return this.claimed.task;
  }

  get attempt(): number {
    return this.claimed.attempt;
  }

  progress(fraction: number, note: string | undefined): void {
    this.report(this, fraction, note);
  }

  /** The signal of this run; the controller behind it is made when somebody looks. */
  signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.abortCause !== undefined) this.#controller.abort(reasonOf(this.abortCause, this));
    }
    return this.#controller.signal;
  }

  /** Tells the body to stop. The first cause counts. */
  abort(cause: AbortCause): void {
    if (this.abortCause !== undefined) return;
    this.abortCause = cause;
    this.#controller?.abort(reasonOf(cause, this));
  }
}

/** The error that a body finds in `signal.reason`, and that its attempt is recorded with. */
export function reasonOf(cause: AbortCause, { claimed, definition }: TaskRun): TriggersError {
  const which = `Task "${claimed.task}" of execution "${claimed.facts.executionId}"`;
  switch (cause) {
    case 'timeout':
      return new TriggersError(
        'TRG_TASK_TIMEOUT',
        `${which} did not end within ${definition.timeoutMs}ms. Raise its "timeout", or make it stop at context.signal.`,
      );
    case 'cancelled':
      return new TriggersError('TRG_API_CONFLICT', `${which} was cancelled.`);
    case 'stopping':
      return new TriggersError(
        'TRG_ENG_STOPPED',
        `${which} was interrupted by the shutdown; it goes on after the next start.`,
      );
    case 'leaseLost':
      return new TriggersError(
        'TRG_ENG_LEASE_LOST',
        `${which} was given to another node: this one did not renew its lease in time.`,
      );
  }
}
