import { Injectable } from '@nestjs/common';
import { TriggersError } from '../model/errors.js';
import { EventBus } from '../model/events.js';
import type { ExecutionId } from '../model/ids.js';
import type { ExecutionState } from '../model/states.js';
import type { CommitScope } from '../store/commit-kind.js';
import type { Work } from '../store/dialects/batch.js';
import { cancelExecution, pauseExecution, resumeExecution, retryExecution } from '../store/execution.repository.js';
import type { ControlOutcome } from '../store/execution.repository.js';
import { Store } from '../store/store.service.js';
import { TaskRunner } from './task-runner.service.js';

/** The state of an execution after an operator's change. */
export interface Controlled {
  readonly state: ExecutionState;
}

/**
 * What operators do to an execution. Every change is guarded by the state that it expects, and repeating one is harmless.
 * All methods throw TRG_API_EXECUTION_NOT_FOUND, TRG_API_CONFLICT in the wrong state, and TRG_STORE_UNAVAILABLE.
 */
@Injectable()
export class ExecutionControl {
  constructor(
    private readonly store: Store,
    private readonly runner: TaskRunner,
    private readonly events: EventBus,
  ) {}

  /** Nothing more of it starts; running bodies are told by their signal. It has ended when the last one has returned. */
  async cancel(id: ExecutionId, by: string | null = null): Promise<Controlled> {
    const controlled = await this.#change(id, 'cancel', by, (scope) => cancelExecution(id, scope));
    this.runner.abortExecution(id, 'cancelled');
    return controlled;
  }

  /** What runs ends, nothing more starts until it is resumed. */
  pause(id: ExecutionId, by: string | null = null): Promise<Controlled> {
    return this.#change(id, 'pause', by, () => pauseExecution(id));
  }

  /** Ends a pause. */
  resume(id: ExecutionId, by: string | null = null): Promise<Controlled> {
    return this.#change(id, 'resume', by, (scope) => resumeExecution(id, scope));
  }

  /** Goes on with a failed or cancelled execution from the tasks that did not complete; also 409 while its key is held. */
  retry(id: ExecutionId, by: string | null = null): Promise<Controlled> {
    return this.#change(id, 'retry', by, (scope) => retryExecution(id, scope));
  }

  async #change(
    id: ExecutionId,
    change: string,
    by: string | null,
    work: (scope: CommitScope) => Work<ControlOutcome>,
  ): Promise<Controlled> {
    const outcome = await this.store.change(work);
    if (outcome.status !== 'done') throw refusalOf(outcome, id, change);
    const { state, workflow } = outcome;
    this.store.notices.tell({ about: 'execution', id });
    this.events.emit('execution.changed', { executionId: id, workflow, change, by });
    if (state === 'cancelled') this.events.emit('execution.cancelled', { executionId: id, workflow });
    return { state };
  }
}

/** Why a wish about an execution was not fulfilled. */
function refusalOf(
  outcome: Exclude<ControlOutcome, { readonly status: 'done' }>,
  id: ExecutionId,
  change: string,
): TriggersError {
  switch (outcome.status) {
    case 'absent':
      return new TriggersError('TRG_API_EXECUTION_NOT_FOUND', `There is no execution "${id}".`, {
        details: { executionId: id },
      });
    case 'refused': {
      const { state } = outcome;
      return conflict(`Execution "${id}" is ${state}; ${advice(change)}`, { state });
    }
    case 'replayed':
      return conflict(`Execution "${id}" was replayed by firing "${outcome.by}". Retry what that has started.`, {
        firingId: outcome.by,
      });
    case 'nothingLeft':
      return conflict(`Every task of execution "${id}" has completed; there is nothing to retry. Replay it instead.`);
    case 'heldByOther': {
      const { firingId, executionIds } = outcome.holder;
      return conflict(`Firing "${firingId}" holds the dedup key of this execution. Retry when that has ended.`, {
        holder: firingId,
        executionIds,
      });
    }
  }
}

function conflict(message: string, details?: Readonly<Record<string, unknown>>): TriggersError {
  return new TriggersError('TRG_API_CONFLICT', message, details && { details });
}

function advice(change: string): string {
  switch (change) {
    case 'retry':
      return 'only a failed or cancelled one can be retried.';
    case 'resume':
      return 'only a paused one can be resumed.';
    default:
      return `only one that has not ended can be ${change === 'pause' ? 'paused' : 'cancelled'}.`;
  }
}
