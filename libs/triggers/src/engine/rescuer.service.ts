import { Injectable } from '@nestjs/common';
import { TriggersError } from '../model/errors.js';
import { EventBus } from '../model/events.js';
import type { ExecutionId, LeaseToken, TaskExecutionId } from '../model/ids.js';
import { Logger } from '@nestjs/common';
import type { ClaimedTask, ExecutionFacts } from '../store/claimer.js';
import { ALONE_FROM_RESCUE } from '../store/commits/claim.commit.js';
import { claimedTask, readFacts } from '../store/commits/claimed-task.js';
import { FINISH } from '../store/commits/finish.commit.js';
import type { FinishItem } from '../store/commits/finish.commit.js';
import { PUT_BACK_TASK, putBackNow } from '../store/commits/put-back.commit.js';
import type { HeldTask } from '../store/commits/put-back.commit.js';
import type { Row } from '../store/dialects/batch.js';
import { CANCELLED_AMONG, MAX_ORPHANS, ORPHANED_TASKS, OWN_TASKS } from '../store/rescue.repository.js';
import { dateAnew } from '../store/set-back.repository.js';
import { Store } from '../store/store.service.js';
import { WorkflowRegistry } from '../workflows/workflow.registry.js';
import { EndTeller } from './end-teller.service.js';
import { NodeLease } from './node-lease.service.js';
import { storedError } from './task-output.js';
import { TaskRunner } from './task-runner.service.js';

/** Rescues that a task may spend alone on its node before it is given up. */
export const MAX_RESCUES_ALONE = 3;

/** What one pass did. */
export interface RescueSummary {
  readonly rescued: number;
  readonly abandoned: number;
}

/**
 * Takes back what dead nodes had claimed. A task whose node's lease has run out becomes ready again and spends a rescue,
 * never an attempt. From its second rescue on it runs alone, so that a task that takes its process down is told from its
 * neighbours; after three rescues spent alone it has failed. A node never rescues its own tasks; a claim that it does not
 * know (a COMMIT with an unknown outcome) it gives back when it has seen it twice.
 */
@Injectable()
export class Rescuer {
  #suspects = new Set<string>();
  readonly #logger = new Logger('engine');

  constructor(
    private readonly store: Store,
    private readonly lease: NodeLease,
    private readonly runner: TaskRunner,
    private readonly workflows: WorkflowRegistry,
    private readonly teller: EndTeller,
    private readonly events: EventBus,
  ) {}

  async runOnce(): Promise<RescueSummary> {
    await this.#dateAnew();
    await this.stopCancelled();
    await this.#releaseUnknown();
    const summary = { rescued: 0, abandoned: 0 };
    for (let full = true; full;) {
      const rows = await this.store.read(ORPHANED_TASKS, [[this.lease.nodeId]]);
      full = rows.length === MAX_ORPHANS;
      const ids = [...new Set(rows.map((row) => row['execution_id'] as ExecutionId))];
      const facts = await this.store.look(() => readFacts(ids));
      // All at once, so that they share a commit.
      const ends = await Promise.all(rows.map((row) => this.#rescue(row, facts)));
      for (const end of ends) if (end !== 'cancelled') summary[end] += 1;
      if (ends.every((end) => end === 'cancelled')) return summary;
    }
    return summary;
  }

  /** Before anything else: whoever died while the clock was ahead would live until it shows that time again. */
  async #dateAnew(): Promise<void> {
    let dated = 0;
    for (let full = true; full;) {
      const found = await this.store.change(function* (scope) {
        const done = yield* dateAnew();
        if (done.tasks > 0) scope.leavesSomeReady();
        return done;
      });
      dated += found.tasks;
      full = found.full;
    }
    if (dated > 0)
      this.#logger.warn(
        `The clock was ahead and was set back: ${dated} tasks that were written meanwhile wait no longer than they should.`,
      );
  }

  async #rescue(
    row: Row,
    facts: ReadonlyMap<ExecutionId, ExecutionFacts>,
  ): Promise<'rescued' | 'abandoned' | 'cancelled'> {
    const spent = Number(row['rescues']) + 1 >= ALONE_FROM_RESCUE + MAX_RESCUES_ALONE;
    if (!spent && (await this.#putBack(row))) return 'rescued';
    await this.#end(row, facts, spent ? 'failed' : 'cancelled');
    return spent ? 'abandoned' : 'cancelled';
  }

  async #putBack(row: Row): Promise<boolean> {
    const held = heldTask(row);
    const moved = await this.store.commits.submit(PUT_BACK_TASK, putBackNow('rescue', held));
    const { executionId, task } = held;
    const rescues = Number(row['rescues']) + 1;
    if (moved) this.events.emit('task.rescued', { executionId, workflow: row['workflow'] as string, task, rescues });
    return moved;
  }

  /** Ends a task that will not run again: given up, or of a cancelled execution whose node died. */
  async #end(row: Row, facts: ReadonlyMap<ExecutionId, ExecutionFacts>, state: 'failed' | 'cancelled'): Promise<void> {
    if (!facts.has(row['execution_id'] as ExecutionId)) return;
    const claimed = claimedTask(row, facts, new Map(), row['lease_token'] as LeaseToken);
    const definition = this.workflows.get(claimed.facts.workflow);
    const callbacks = definition?.tasks.find(({ id }) => id === claimed.task)?.callbacks;
    const item: FinishItem = {
      claimed,
      state,
      output: null,
      error: state === 'failed' ? storedError(abandoned(claimed)) : null,
      reason: state === 'cancelled' ? 'cancelled' : null,
      attempts: claimed.attempts,
      callback: state === 'failed' && callbacks?.onFailure ? 'onFailure' : null,
      workflowCallbacks: definition?.callbacks ?? {},
    };
    await this.store.commits.submit(FINISH, item, {
      onCommitted: (outcome) => this.teller.tell(item, outcome, this.#logger, undefined),
    });
  }

  /** Tells bodies of this node to stop whose execution was cancelled, perhaps by another process. */
  async stopCancelled(among: Iterable<ExecutionId> = this.runner.executions()): Promise<void> {
    const ids = [...among].map((id) => [id]);
    const rows = await this.store.read(CANCELLED_AMONG, ids);
    for (const row of rows) this.runner.abortExecution(row['id'] as ExecutionId, 'cancelled');
  }

  async #releaseUnknown(): Promise<void> {
    const suspects = new Set<string>();
    for (const row of await this.store.read(OWN_TASKS, [[this.lease.nodeId]])) {
      const held = heldTask(row);
      const id = row['id'] as TaskExecutionId;
      if (this.runner.holds(id, held.token)) continue;
      const key = `${id}/${held.token}`;
      if (this.#suspects.has(key)) await this.store.commits.submit(PUT_BACK_TASK, putBackNow('release', held));
      else suspects.add(key);
    }
    this.#suspects = suspects;
  }
}

function heldTask(row: Row): HeldTask {
  return {
    executionId: row['execution_id'] as ExecutionId,
    task: row['task'] as string,
    token: row['lease_token'] as LeaseToken,
  };
}

function abandoned({ task, facts, rescues }: ClaimedTask): TriggersError {
  return new TriggersError(
    'TRG_TASK_ABANDONED',
    `Task "${task}" of execution "${facts.executionId}" was abandoned: its process died or stood still for longer than its lease ${rescues + 1} times while it ran, the last ` +
      `${MAX_RESCUES_ALONE} times with nothing else beside it. Find out what ends the process (memory, native code, process.exit), then retry the execution.`,
  );
}
