import { Injectable, Logger } from '@nestjs/common';
import { causedBy } from '../model/causation.js';
import { Clock } from '../model/clock.js';
import { EventBus } from '../model/events.js';
import type { ExecutionId, LeaseToken, TaskExecutionId } from '../model/ids.js';
import { errorMessage } from '../model/text.js';
import { Wakeups } from '../model/timers.js';
import { TimerRegistry } from '../model/timer-registry.js';
import type { ClaimedTask } from '../store/claimer.js';
import type { TaskDefinition, WorkflowDefinition } from '../workflows/workflow.definition.js';
import { WorkflowRegistry } from '../workflows/workflow.registry.js';
import { ServedPools } from './served-pools.service.js';
import { TaskFinisher } from './task-finisher.service.js';
import { TaskRun } from './task-run.js';
import type { AbortCause, BodyEnd, ReportProgress } from './task-run.js';
import { readUpstream } from './upstream.js';
import { Store } from '../store/store.service.js';

/** How long a body may take to return after its signal before it counts as a zombie. */
export const ABORT_GRACE_MS = 1_000;
/** How long a drain waits for commits after the last body was told to stop. */
const COMMIT_PATIENCE_MS = 2_000;
/** More bodies than this that do not return make the node unhealthy. */
export const MAX_ZOMBIES = 10;

/**
 * Runs claimed tasks. One run is a pipe: open → when → body → close.
 *
 * A body that outlives its timeout is told by its signal; when it has not returned a second later, its attempt has failed
 * all the same, its slot is free, and it is counted as a zombie until it does return. Whatever it returns then is
 * ignored. A result is written by whoever holds the task's token, so a body that runs twice counts once.
 */
@Injectable()
export class TaskRunner {
  /** Told when a body has left its slot. */
  onSlotFree: (task: ClaimedTask) => void = () => undefined;
  readonly #runs = new Map<TaskExecutionId, TaskRun>();
  readonly #wakeups: Wakeups;
  readonly #loggers = new Map<TaskDefinition, Logger>();
  readonly #logger = new Logger('engine');
  #zombies = 0;
  #stopping = false;
  readonly #idle: (() => void)[] = [];

  constructor(
    private readonly clock: Clock,
    private readonly events: EventBus,
    private readonly store: Store,
    private readonly workflows: WorkflowRegistry,
    private readonly finisher: TaskFinisher,
    private readonly pools: ServedPools,
    timers: TimerRegistry,
  ) {
    this.#wakeups = new Wakeups(clock, 'triggers:tasks', timers);
  }

  /** Bodies that did not return after their signal. */
  get zombies(): number {
    return this.#zombies;
  }

  /** Whether this process runs the task that a row says it claimed. */
  holds(id: TaskExecutionId, token: LeaseToken): boolean {
    return this.#runs.get(id)?.claimed.token === token;
  }

  /**
   * Runs a claimed task. Its slot is taken; {@link onSlotFree} tells when it is free. One that has another pool by now, by
   * the code of this node, which this node does not serve, goes there.
   */
  run(claimed: ClaimedTask): void {
    const { facts, task } = claimed;
    const workflow = this.workflows.byHash(facts.workflow, facts.hash);
    const definition = workflow?.tasks.find(({ id }) => id === task);
    if (workflow === undefined || definition === undefined || !this.pools.has(definition.pool)) {
      this.onSlotFree(claimed);
      void this.finisher.release(claimed, definition?.pool ?? null);
      return;
    }
    const logger = this.#loggerOf(workflow, definition);
    const run = new TaskRun(claimed, workflow, definition, this.clock.now(), this.#report, logger);
    this.#open(run);
    void this.#work(run).then((end) => this.#settled(run, end));
  }

  /** Tells the bodies of an execution to stop. Returns whether there are any. */
  abortExecution(executionId: ExecutionId, cause: AbortCause): boolean {
    const runs = this.#all().filter(({ claimed }) => claimed.facts.executionId === executionId);
    for (const run of runs) run.abort(cause);
    return runs.length > 0;
  }

  /** The executions that have a body here. */
  executions(): ReadonlySet<ExecutionId> {
    return new Set(this.#all().map(({ claimed }) => claimed.facts.executionId));
  }

  /** The lease is lost: every body is told to stop, and nothing that it returns counts. */
  abandonAll(): void {
    for (const run of this.#all()) {
      run.abort('leaseLost');
      this.#over(run);
      this.#forget(run);
    }
  }

  /** Bodies that throw are failures again, after a stop of the engine alone. */
  begin(): void {
    this.#stopping = false;
  }

  /** The application stops: a body that throws from now on is put back, its connections may be gone already. */
  beginStop(): void {
    this.#stopping = true;
  }

  /** Lets bodies end for `drainMs`, then tells them to stop and puts their tasks back. */
  async stop(drainMs: number): Promise<void> {
    this.beginStop();
    const drained = this.whenIdle();
    const deadline = this.#wakeups.after(drainMs, () => {
      for (const run of this.#all()) {
        run.abort('stopping');
        this.#later(run, ABORT_GRACE_MS, () => this.#close(run, { kind: 'threw', error: undefined }));
      }
    });
    // Commits that wait for a database that is away do not keep the process: their tasks are taken back at the next start.
    const patience = drainMs + ABORT_GRACE_MS + COMMIT_PATIENCE_MS;
    await Promise.race([drained, new Promise<void>((resolve) => this.#wakeups.after(patience, resolve))]);
    deadline.clear();
    this.#wakeups.clear();
  }

  /** Resolves when no run waits for its commit. */
  async whenIdle(): Promise<void> {
    if (this.#runs.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #all(): TaskRun[] {
    return [...this.#runs.values()];
  }

  #open(run: TaskRun): void {
    const { claimed, definition } = run;
    const { facts, task, attempt } = claimed;
    this.#runs.set(claimed.id, run);
    if (definition.timeoutMs !== null) run.timer = this.#wakeups.after(definition.timeoutMs, () => this.#timedOut(run));
    this.events.emit('task.started', { executionId: facts.executionId, workflow: facts.workflow, task, attempt });
  }

  readonly #report: ReportProgress = ({ claimed: { facts, task } }, fraction, note) => {
    const { executionId, workflow } = facts;
    this.events.emit('task.progress', { executionId, workflow, task, fraction, note: note ?? null });
  };

  #work(run: TaskRun): Promise<BodyEnd> {
    const { facts } = run.claimed;
    return causedBy({ executionId: facts.executionId, depth: facts.depth }, async (): Promise<BodyEnd> => {
      try {
        if (run.definition.when !== undefined && !(await this.#isWanted(run))) return { kind: 'skipped' };
        return { kind: 'returned', value: await run.definition.method.invoke([run.context]) };
      } catch (error) {
        return { kind: 'threw', error };
      }
    });
  }

  async #isWanted({ definition, claimed, context }: TaskRun): Promise<boolean> {
    return (await definition.when?.(context, await readUpstream(this.store, claimed))) ?? true;
  }

  #settled(run: TaskRun, end: BodyEnd): void {
    if (!run.isOver) return this.#close(run, end);
    if (run.isZombie) this.#zombies -= 1;
  }

  #timedOut(run: TaskRun): void {
    run.abort('timeout');
    this.#later(run, ABORT_GRACE_MS, () => {
      run.isZombie = true;
      this.#zombies += 1;
      const { facts, task } = run.claimed;
      this.events.emit('task.zombie', {
        executionId: facts.executionId,
        workflow: facts.workflow,
        task,
        zombies: this.#zombies,
      });
      this.#close(run, { kind: 'threw', error: undefined });
    });
  }

  #later(run: TaskRun, delayMs: number, act: () => void): void {
    run.timer?.clear();
    run.timer = this.#wakeups.after(delayMs, () => {
      if (!run.isOver) act();
    });
  }

  #close(run: TaskRun, end: BodyEnd): void {
    this.#over(run);
    this.finisher.finish(run, end, this.#stopping).then(
      () => this.#forget(run),
      (error: unknown) => {
        this.#logger.error(`The result of task "${run.claimed.task}" could not be written: ${errorMessage(error)}`);
        this.#forget(run);
      },
    );
  }

  /** The body has left its slot; what follows is a commit. */
  #over(run: TaskRun): void {
    if (run.isOver) return;
    run.isOver = true;
    run.timer?.clear();
    this.onSlotFree(run.claimed);
  }

  #forget(run: TaskRun): void {
    const { id } = run.claimed;
    if (this.#runs.get(id) !== run) return;
    this.#runs.delete(id);
    if (this.#runs.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  #loggerOf({ name }: WorkflowDefinition, definition: TaskDefinition): Logger {
    let logger = this.#loggers.get(definition);
    if (logger === undefined) this.#loggers.set(definition, (logger = new Logger(`${name}.${definition.id}`)));
    return logger;
  }
}
