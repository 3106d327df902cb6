import { Injectable } from '@nestjs/common';
import type { Logger } from '@nestjs/common';
import { EndListener } from '../model/end-listener.js';
import { EventBus } from '../model/events.js';
import type { FinishItem, FinishOutcome } from '../store/commits/finish.commit.js';
import { DataView, outputsSeen } from './task-context.impl.js';
import { restoredError } from './task-output.js';

/**
 * Tells events and callbacks what a finishing commit did, in the turn of the commit: the task first, then what was
 * skipped because of it, then the end of the execution.
 */
@Injectable()
export class EndTeller {
  constructor(
    private readonly events: EventBus,
    private readonly listener: EndListener,
  ) {}

  tell(item: FinishItem, outcome: FinishOutcome, logger: Logger, thrown: unknown): void {
    const { executionId, workflow } = item.claimed.facts;
    const { task } = item.claimed;
    if (!outcome.written) return this.events.emit('task.refused', { executionId, workflow, task });
    this.#tellTask(item, logger, thrown);
    for (const skipped of outcome.skipped) {
      this.events.emit('task.skipped', { executionId, workflow, ...skipped });
    }
    if (outcome.end !== null) this.#tellExecution(item, outcome.end);
  }

  #tellTask(item: FinishItem, logger: Logger, thrown: unknown): void {
    const { facts, task } = item.claimed;
    const { executionId, workflow } = facts;
    const error = item.error && (thrown instanceof Error ? thrown : restoredError(item.error));
    if (item.state === 'completed') this.events.emit('task.completed', { executionId, workflow, task });
    else if (item.state === 'failed')
      this.events.emit('task.failed', { executionId, workflow, task, error: item.error?.message ?? '' });
    else if (item.state === 'cancelled') this.events.emit('task.cancelled', { executionId, workflow, task });
    else this.events.emit('task.skipped', { executionId, workflow, task, reason: item.reason ?? '' });
    if (item.callback === null) return;
    const seen = outputsSeen(item.claimed);
    if (item.output !== null) seen.push(item.output);
    const context = new EndedTaskContext(item, seen, logger);
    this.listener.taskEnded({ executionId, workflow, task, kind: item.callback, error, context });
  }

  /** The callback goes first: whoever waits for the event then finds it on its way and waits for it too. */
  #tellExecution(item: FinishItem, end: NonNullable<FinishOutcome['end']>): void {
    const { executionId, workflow } = item.claimed.facts;
    const error = end.callback === 'onFailure' && end.error !== null ? restoredError(end.error) : null;
    this.listener.executionEnded({ executionId, workflow, kind: end.callback, error });
    if (end.state === 'completed') this.events.emit('execution.completed', { executionId, workflow });
    else if (end.state === 'failed')
      this.events.emit('execution.failed', { executionId, workflow, error: end.error?.message ?? '' });
    else this.events.emit('execution.cancelled', { executionId, workflow });
  }
}

const NEVER = new AbortController().signal;

/** A task's context after its end, its own output included: what callbacks see. */
export class EndedTaskContext extends DataView {
  readonly taskId: string;
  readonly attempt: number;
  readonly signal: AbortSignal = NEVER;

  constructor({ claimed }: Pick<FinishItem, 'claimed'>, outputs: readonly string[], logger: Logger) {
    super(claimed.facts, outputs, logger);
    this.taskId = claimed.task;
    this.attempt = claimed.attempt;
  }

  get idempotencyKey(): string {
    return `${this.executionId}/${this.taskId}`;
  }

  set(): void {
    // The task has ended; its output is written.
  }

  progress(): void {
    // The task has ended.
  }
}
