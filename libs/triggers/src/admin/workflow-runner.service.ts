import { Injectable } from '@nestjs/common';
import { ExecutionWaiter } from '../engine/execution-waiter.service.js';
import { HistoryService } from '../history/history.service.js';
import type { ErrorView } from '../history/history.types.js';
import type { FireOutcome, IdempotencyKey, StartRequest } from '../intake/fire.types.js';
import { IntakeService } from '../intake/intake.service.js';
import { mergeContexts } from '../model/context-merge.js';
import { TriggersError, notFound } from '../model/errors.js';
import type { ExecutionId } from '../model/ids.js';
import type { ExecutionState } from '../model/states.js';
import type { FireItem } from '../model/trigger-result.js';
import type { WorkflowDefinition } from '../workflows/workflow.definition.js';
import type { WorkflowContext, WorkflowInput, WorkflowRef } from '../workflows/workflow-ref.js';
import { WorkflowRegistry } from '../workflows/workflow.registry.js';

/** How a workflow is started by a program. */
export interface RunOptions extends Omit<FireItem, 'context'> {
  /** Who asked; stands on the firing and the execution. */
  readonly initiatedBy?: string | undefined;
  /** The same user and key again get the same outcome. */
  readonly idempotency?: IdempotencyKey | undefined;
}

/** How an execution ended. */
export interface WorkflowResult<W = string> {
  readonly state: Extract<ExecutionState, 'completed' | 'failed' | 'cancelled'>;
  /** The input with the outputs of all tasks laid over it, in topological order. */
  readonly context: WorkflowContext<W> & Readonly<Record<string, unknown>>;
  readonly executionId: ExecutionId;
  /** The first task that failed, and why. */
  readonly error?: ErrorView;
}

/**
 * Runs workflows without a trigger. Such an execution is as durable as any other: it survives a crash and can be seen,
 * retried and replayed.
 *
 * Both methods throw TRG_API_WORKFLOW_NOT_FOUND, TRG_CONTEXT_* for a bad context, TRG_STORE_UNAVAILABLE, and
 * TRG_API_CONFLICT when nothing was started.
 */
@Injectable()
export class WorkflowRunner {
  constructor(
    private readonly workflows: WorkflowRegistry,
    private readonly intake: IntakeService,
    private readonly waiter: ExecutionWaiter,
    private readonly history: HistoryService,
  ) {}

  /**
   * Runs a workflow and waits for its end, its callbacks included. A workflow that fails is an answer, not an exception.
   *
   * @param workflow the class (typed) or the name
   * @throws TRG_ENG_STOPPED when this process stops first; the execution goes on after the next start
   * @example const { state, context } = await runner.execute(FileProcessor, { filename: 'a.csv' });
   */
  async execute<const W extends WorkflowRef>(
    workflow: W,
    context: WorkflowInput<W>,
    options: RunOptions = {},
  ): Promise<WorkflowResult<W>> {
    const executionId = await this.start(workflow, context, options);
    await this.waiter.ended(executionId);
    const ending = await this.history.ending(executionId);
    if (ending === null)
      throw new TriggersError(
        'TRG_API_EXECUTION_NOT_FOUND',
        `Execution "${executionId}" was pruned while it was waited for.`,
      );
    return {
      state: ending.state as WorkflowResult['state'],
      context: mergeContexts([ending.input, ending.result]) as unknown as WorkflowResult<W>['context'],
      executionId,
      ...(ending.error !== null && { error: ending.error }),
    };
  }

  /**
   * Starts a workflow and returns when that is durable. With a `dedupKey` that is taken it is the execution that holds it.
   *
   * @example const executionId = await runner.start('file_processor', { filename: 'a.csv' });
   */
  async start<const W extends WorkflowRef>(
    workflow: W,
    context: WorkflowInput<W>,
    options: RunOptions = {},
  ): Promise<ExecutionId> {
    const { executionIds, ...outcome } = await this.launch(workflow, context, options);
    const [executionId] = executionIds;
    if (executionId !== undefined) return executionId;
    throw new TriggersError(
      'TRG_API_CONFLICT',
      `Nothing was started: the firing is ${outcome.state}${outcome.reason === null ? '' : ` (${outcome.reason})`}.`,
      {
        details: { firingId: outcome.firingId, status: outcome.status, state: outcome.state },
      },
    );
  }

  /** Starts a workflow and tells what became of its firing. */
  async launch(workflow: WorkflowRef, context: object | undefined, options: RunOptions = {}): Promise<FireOutcome> {
    const request: StartRequest = { ...options, workflow: this.#require(workflow), context };
    return this.intake.start(request);
  }

  #require(workflow: WorkflowRef): WorkflowDefinition {
    if (typeof workflow !== 'string') return this.workflows.require(workflow, 'A call of WorkflowRunner');
    const found = this.workflows.get(workflow);
    if (found === undefined)
      throw notFound(
        'workflow',
        workflow,
        this.workflows.all().map(({ name }) => name),
      );
    return found;
  }
}
