import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../model/clock.js';
import { EndListener } from '../model/end-listener.js';
import type { EndedExecutionNotice, EndedTaskNotice } from '../model/end-listener.js';
import { EventBus } from '../model/events.js';
import type { ExecutionId } from '../model/ids.js';
import { NodeRoles } from '../model/node-roles.js';
import { errorMessage } from '../model/text.js';
import { Wakeups } from '../model/timers.js';
import { TimerRegistry } from '../model/timer-registry.js';
import { TOLD } from '../store/commits/told.commit.js';
import type { ToldItem } from '../store/commits/told.commit.js';
import { Store } from '../store/store.service.js';
import type { CallbackTarget } from '../workflows/workflow.definition.js';
import { WorkflowRegistry } from '../workflows/workflow.registry.js';
import { EndedExecutions } from './ended-executions.service.js';

/** How long a callback may take before the execution no longer waits for it. */
export const CALLBACK_TIMEOUT_MS = 10_000;

/** What a callback sees is read again after this long when the database did not answer, and so many times. */
const READ_EVERY_MS = 1_000;
const MAX_READS = 60;
/** How long a stop waits for the outcomes of callbacks that have returned to be written. */
const COMMIT_PATIENCE_MS = 2_000;

/**
 * Tells callbacks, after the commit that made them due.
 *
 * The finishing commit marks a callback `pending`; it is called in the turn of that commit, before dependants are handed
 * out, and not awaited by the flow. Its outcome is written with a later group. Errors and time-outs are recorded and never
 * change the task. A callback whose node died before its outcome was written is called again by another: at least once.
 * Those of one task are called in order; `onRetry` is told in process only. Callbacks are code of the application like tasks: what
 * a node without the role `worker` ended (it gave a task or an execution up) stays pending until a worker calls it.
 */
@Injectable()
export class CallbacksService extends EndListener {
  readonly #logger = new Logger('callbacks');
  readonly #wakeups: Wakeups;
  readonly #calls = new Set<Promise<unknown>>();
  readonly #telling = new Map<ExecutionId, Set<Promise<void>>>();

  constructor(
    clock: Clock,
    timers: TimerRegistry,
    private readonly store: Store,
    private readonly workflows: WorkflowRegistry,
    private readonly events: EventBus,
    private readonly ended: EndedExecutions,
    private readonly roles: NodeRoles,
  ) {
    super();
    this.#wakeups = new Wakeups(clock, 'triggers:callbacks', timers);
  }

  taskEnded(notice: EndedTaskNotice): void {
    const { executionId, workflow, task, kind, error, context } = notice;
    if (!this.roles.has('worker')) return;
    const target = this.workflows.get(workflow)?.tasks.find(({ id }) => id === task)?.callbacks[kind];
    if (target === undefined) return kind === 'onRetry' ? undefined : this.#forget({ executionId, task });
    const args = kind === 'onSuccess' ? [task, context] : [task, error, context];
    const due = kind === 'onRetry' ? null : { executionId, task };
    this.#track(executionId, this.#tell({ executionId, workflow, task, target, args: () => args }, due));
  }

  executionEnded({ executionId, workflow, kind, error }: EndedExecutionNotice): void {
    if (kind === null || !this.roles.has('worker')) return;
    const target = this.workflows.get(workflow)?.callbacks[kind];
    if (target === undefined) return this.#forget({ executionId, task: null });
    const args = async (): Promise<readonly unknown[]> => {
      const { view, failure } = await this.ended.view(executionId);
      return kind === 'onSuccess' ? [workflow, view] : [workflow, error ?? failure, view];
    };
    this.#track(
      executionId,
      this.#tell({ executionId, workflow, task: null, target, args }, { executionId, task: null }),
    );
  }

  async settled(executionId: ExecutionId): Promise<void> {
    for (
      let telling = this.#telling.get(executionId);
      telling !== undefined;
      telling = this.#telling.get(executionId)
    ) {
      await Promise.allSettled([...telling]);
    }
  }

  /**
   * Resolves when no callback is on its way. Outcomes that cannot be written, because the database is away, are not
   * waited for: who finds a callback pending calls it again.
   */
  async whenIdle(): Promise<void> {
    while (this.#calls.size > 0) await Promise.allSettled(this.#calls);
    if (this.#telling.size === 0) return;
    await new Promise<void>((resolve) => {
      const patience = this.#wakeups.after(COMMIT_PATIENCE_MS, resolve);
      void this.#whenWritten().then(() => {
        patience.clear();
        resolve();
      });
    });
  }

  async #whenWritten(): Promise<void> {
    while (this.#telling.size > 0) await Promise.allSettled([...this.#telling.keys()].map((id) => this.settled(id)));
  }

  /**
   * Calls what nodes that died left pending. Called with every renewal of the lease. A callback of a workflow that this node
   * does not declare is left to those that do.
   */
  async runOnce(): Promise<{ readonly told: number }> {
    if (!this.roles.has('worker')) return { told: 0 };
    const orphaned = await this.ended.orphanedCallbacks({
      isTelling: (executionId) => this.#telling.has(executionId),
      isDeclared: (workflow) => this.workflows.get(workflow) !== undefined,
    });
    for (const { notice, execution } of orphaned) {
      if (notice !== null) this.taskEnded(notice);
      else if (execution !== null) this.executionEnded(execution);
    }
    return { told: orphaned.length };
  }

  stop(): void {
    this.#wakeups.clear();
  }

  /** A newer version of the application no longer declares a callback that an older one left pending. */
  #forget(due: Pick<ToldItem, 'executionId' | 'task'>): void {
    const telling = this.store.commits.submit(TOLD, { ...due, error: 'no longer declared' }).catch(() => undefined);
    this.#track(due.executionId, telling);
  }

  #track(executionId: ExecutionId, telling: Promise<void>): void {
    const tellings = this.#telling.get(executionId) ?? new Set<Promise<void>>();
    this.#telling.set(executionId, tellings.add(telling));
    void telling.finally(() => {
      tellings.delete(telling);
      if (tellings.size === 0) this.#telling.delete(executionId);
    });
  }

  async #tell(callback: Telling, due: Pick<ToldItem, 'executionId' | 'task'> | null): Promise<void> {
    let problem: string | null = null;
    const found = callback.args();
    // What need not be read is called in the turn of the commit.
    const args = found instanceof Promise ? await this.#read(callback, found) : found;
    // It stays pending: called again like one whose node died.
    if (args === null) return;
    try {
      await this.#inTime(callback.target.call(args));
    } catch (error) {
      problem = errorMessage(error);
      const { executionId, workflow, task, target } = callback;
      this.#logger.error(
        `Callback ${target.label} of ${task === null ? `workflow "${workflow}"` : `task "${task}"`} failed: ${problem}`,
      );
      this.events.emit('callback.failed', { executionId, workflow, task, error: problem });
    }
    if (due !== null) await this.store.commits.submit(TOLD, { ...due, error: problem }).catch(() => undefined);
  }

  /** A database that is away is no outcome of a callback that was never called. */
  async #read(callback: Telling, first: Promise<readonly unknown[]>): Promise<readonly unknown[] | null> {
    for (let reads = 1, found: ReturnType<Telling['args']> = first; ; reads += 1, found = callback.args()) {
      try {
        return await found;
      } catch (error) {
        this.#logger.warn(`Callback ${callback.target.label} waits for the database: ${errorMessage(error)}`);
        if (reads === MAX_READS) return null;
        await new Promise<void>((resolve) => this.#wakeups.after(READ_EVERY_MS, resolve));
      }
    }
  }

  #inTime(call: Promise<unknown>): Promise<unknown> {
    const inTime = new Promise((resolve, reject) => {
      const deadline = this.#wakeups.after(CALLBACK_TIMEOUT_MS, () =>
        reject(new Error(`It did not end within ${CALLBACK_TIMEOUT_MS}ms`)),
      );
      call.then(resolve, reject).finally(() => deadline.clear());
    });
    this.#calls.add(inTime);
    return inTime.finally(() => this.#calls.delete(inTime));
  }
}

interface Telling {
  readonly executionId: ExecutionId;
  readonly workflow: string;
  /** `null` for a callback of the workflow. */
  readonly task: string | null;
  readonly target: CallbackTarget;
  args(): readonly unknown[] | Promise<readonly unknown[]>;
}
