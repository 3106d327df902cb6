import { Injectable } from '@nestjs/common';
import { Clock } from '../model/clock.js';
import { EndListener } from '../model/end-listener.js';
import { EventBus } from '../model/events.js';
import type { AttemptRecord, ClaimedTask, StoredError } from '../store/claimer.js';
import { FINISH } from '../store/commits/finish.commit.js';
import type { FinishItem, FinishOutcome } from '../store/commits/finish.commit.js';
import { PUT_BACK_TASK, putBackNow } from '../store/commits/put-back.commit.js';
import type { HeldTask, PutBackItem } from '../store/commits/put-back.commit.js';
import { Store } from '../store/store.service.js';
import { EndTeller } from './end-teller.service.js';
import { NodeLease } from './node-lease.service.js';
import { outputJson, storedError } from './task-output.js';
import { reasonOf } from './task-run.js';
import type { BodyEnd, TaskRun } from './task-run.js';

/** Failed attempts that a task's row remembers besides the last one. */
export const MAX_ATTEMPT_RECORDS = 20;

/**
 * Turns the end of a body into a commit: completed, failed for good, back for another attempt, or released because this
 * process stops. Everything that follows from it (dependants, the end of the execution, dedup keys, callbacks) is in the
 * same commit. A commit that comes too late, because another node holds the task, changes nothing.
 */
@Injectable()
export class TaskFinisher {
  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly events: EventBus,
    private readonly lease: NodeLease,
    private readonly teller: EndTeller,
    private readonly listener: EndListener,
  ) {}

  finish(run: TaskRun, end: BodyEnd, stopping: boolean): Promise<unknown> {
    if (end.kind === 'skipped') return this.#end(run, { state: 'skipped', output: null, error: null, reason: 'when' });
    if (run.abortCause === 'timeout') return this.#fail(run, reasonOf('timeout', run));
    if (end.kind === 'returned') return this.#succeed(run, end.value);
    if (run.abortCause === 'cancelled') return this.#cancelled(run);
    return stopping ? this.#release(run) : this.#fail(run, end.error);
  }

  /** Puts a task back that cannot run here, into the pool where it can if that is known. */
  async release(claimed: ClaimedTask, pool: string | null): Promise<void> {
    await this.#putBack(putBackNow('release', heldBy(claimed), pool));
  }

  #succeed(run: TaskRun, value: unknown): Promise<unknown> {
    let output: string | null;
    try {
      output = outputJson(value, run.context);
    } catch (error) {
      return this.#fail(run, error);
    }
    return this.#end(run, { state: 'completed', output, error: null, reason: null });
  }

  async #fail(run: TaskRun, error: unknown): Promise<void> {
    const { claimed, definition } = run;
    const stored = storedError(error);
    const delayMs = definition.retry.next(claimed.attempt, error, Math.random);
    if (delayMs === null) {
      await this.#end(run, { state: 'failed', output: null, error: stored, reason: null }, error);
      return;
    }
    const attempts = this.#attempts(run, stored);
    const { pool } = definition;
    if (!(await this.#putBack({ ...heldBy(claimed), why: 'retry', delayMs, error: stored, attempts, pool }))) {
      await this.#cancelled(run);
      return;
    }
    const { task, attempt } = claimed;
    const { executionId, workflow } = claimed.facts;
    this.events.emit('task.retrying', { executionId, workflow, task, attempt, error: stored.message, delayMs });
    const { context } = run;
    this.listener.taskEnded({ executionId, workflow, task, kind: 'onRetry', error: asError(error), context });
  }

  async #release(run: TaskRun): Promise<void> {
    if (!(await this.#putBack(putBackNow('release', heldBy(run.claimed), run.definition.pool))))
      await this.#cancelled(run);
  }

  #putBack(item: PutBackItem): Promise<boolean> {
    return this.store.commits.submit(PUT_BACK_TASK, item);
  }

  /** Ends a task whose execution is being cancelled; refused like any other result when the task was taken away. */
  #cancelled(run: TaskRun): Promise<unknown> {
    return this.#end(run, { state: 'cancelled', output: null, error: null, reason: 'cancelled' });
  }

  #end(
    run: TaskRun,
    { state, output, error, reason }: Pick<FinishItem, 'state' | 'output' | 'error' | 'reason'>,
    thrown?: unknown,
  ): Promise<FinishOutcome> {
    const { claimed, definition, workflow } = run;
    const item: FinishItem = {
      claimed,
      state,
      output,
      error,
      reason,
      attempts: error === null ? claimed.attempts : this.#attempts(run, error),
      callback: callbackOf(state, definition.callbacks),
      workflowCallbacks: workflow.callbacks,
    };
    return this.store.commits.submit<FinishItem, FinishOutcome>(FINISH, item, {
      onCommitted: (outcome) => this.teller.tell(item, outcome, run.context.logger, thrown),
    });
  }

  #attempts({ claimed, startedAtMs }: TaskRun, error: StoredError): AttemptRecord[] {
    const { stack: _stack, ...brief } = error;
    const record: AttemptRecord = {
      attempt: claimed.attempt,
      startedAt: new Date(startedAtMs).toISOString(),
      finishedAt: new Date(this.clock.now()).toISOString(),
      error: brief,
      node: this.lease.nodeId,
    };
    return [...claimed.attempts, record].slice(-MAX_ATTEMPT_RECORDS);
  }
}

function heldBy({ facts, task, token }: ClaimedTask): HeldTask {
  return { executionId: facts.executionId, task, token };
}

function callbackOf(state: FinishItem['state'], callbacks: TaskRun['definition']['callbacks']): FinishItem['callback'] {
  if (state === 'completed' && callbacks.onSuccess) return 'onSuccess';
  return state === 'failed' && callbacks.onFailure ? 'onFailure' : null;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
