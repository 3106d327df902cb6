import type { INestApplicationContext } from '@nestjs/common';
import { CallbacksService } from '../callbacks/callbacks.service.js';
import { Dispatcher } from '../engine/dispatcher.service.js';
import { EngineService } from '../engine/engine.service.js';
import { TaskRunner } from '../engine/task-runner.service.js';
import { available } from '../history/reading.js';
import { TriggerRegistry } from '../intake/trigger.registry.js';
import { Clock } from '../model/clock.js';
import { isTriggersError } from '../model/errors.js';
import { EntitySource } from '../sources/entity/entity.source.js';
import { PollerService } from '../sources/poll/poller.service.js';
import { batch, toDate } from '../store/dialects/batch.js';
import type { Row, Rows } from '../store/dialects/batch.js';
import { Store } from '../store/store.service.js';
import { soon } from './time-limit.js';

/** In one statement: a follow-up becomes a task, and the end of that a follow-up, so that two looks could miss both. */
const OPEN_TASKS = batch(
  'kit_open_tasks',
  {},
  ({ nowMs }) => `SELECT execution_id, ordinal, task, workflow, state, attempt, started_at, run_at, ${nowMs} AS now_ms
    FROM triggers_task WHERE state IN ('ready', 'running')
    UNION ALL SELECT execution_id, -1, trigger, '', 'ended', 0, NULL, finished_at, ${nowMs} FROM triggers_follow_up
    ORDER BY execution_id, ordinal`,
);
const UNTOLD = batch(
  'kit_untold',
  {},
  () => `SELECT execution_id, workflow, task FROM triggers_task WHERE callback_state = 'pending'
    UNION ALL SELECT id, workflow, NULL FROM triggers_execution WHERE callback_state = 'pending'`,
);

/** What has not come to rest. */
export interface Unrest {
  /** A sentence for each thing that is on its way, what it is and since when. */
  readonly open: readonly string[];
  /** How far in the future each task is that waits for its time: retries, delays. */
  readonly laterMs: readonly number[];
}

/** Looks whether anything is on its way: in this process, and in the database for every process. */
export class OpenWork {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #engine: EngineService;
  readonly #dispatcher: Dispatcher;
  readonly #runner: TaskRunner;
  readonly #callbacks: CallbacksService;
  readonly #registry: TriggerRegistry;
  readonly #poller: PollerService;
  readonly #entities: EntitySource;

  constructor(app: INestApplicationContext) {
    this.#store = app.get(Store, { strict: false });
    this.#clock = app.get(Clock, { strict: false });
    this.#engine = app.get(EngineService, { strict: false });
    this.#dispatcher = app.get(Dispatcher, { strict: false });
    this.#runner = app.get(TaskRunner, { strict: false });
    this.#callbacks = app.get(CallbacksService, { strict: false });
    this.#registry = app.get(TriggerRegistry, { strict: false });
    this.#poller = app.get(PollerService, { strict: false });
    this.#entities = app.get(EntitySource, { strict: false });
  }

  /** What is on its way now; changes of entities and tasks that are due are looked for at once instead of at the next sweep. */
  async look(): Promise<Unrest> {
    const relayed = await this.#entities.drain();
    const isQuiet = await Promise.race([this.#quiet().then(() => true), soon().then(() => false)]);
    const open = this.#polls();
    if (relayed > 0) open.push(`${relayed} changes of entities, just fired`);
    const rows = await this.#rows();
    if (rows === null) {
      const { waiting } = this.#store.commits;
      return { open: [...open, `the database does not answer; ${waiting} commits wait for it`], laterMs: [] };
    }
    open.push(...rows.tasks.flatMap((row) => this.#describe(row)), ...rows.untold.map(describeUntold));
    if (!isQuiet && open.length === 0) open.push('a commit or a callback');
    return { open, laterMs: rows.tasks.map(waitOf).filter((ms) => ms > 0) };
  }

  /** What is on its way or due later, for a message. */
  async state(): Promise<string> {
    const { open, laterMs } = await this.look();
    if (open.length > 0) return `Still on its way:\n  ${open.join('\n  ')}`;
    if (laterMs.length === 0) return 'Nothing is on its way.';
    return `Nothing is on its way; ${laterMs.length} tasks are due later, the first in ${Math.min(...laterMs)}ms: drain({ through }) lets time pass.`;
  }

  /** `null` while the database is away. */
  async #rows(): Promise<{ readonly tasks: Rows; readonly untold: Rows } | null> {
    if (this.#store.commits.isAway) return null;
    try {
      return await available(async () => ({
        tasks: await this.#store.read(OPEN_TASKS, [[]]),
        untold: await this.#store.read(UNTOLD, [[]]),
      }));
    } catch (error) {
      if (isTriggersError(error, 'TRG_STORE_UNAVAILABLE')) return null;
      throw error;
    }
  }

  /** Resolves when nothing of this process is on its way but polls. */
  async #quiet(): Promise<void> {
    await this.#runner.whenIdle();
    await this.#store.commits.whenIdle();
    await this.#callbacks.whenIdle();
  }

  #polls(): string[] {
    return this.#registry.all().flatMap(({ name }) => {
      const { phase, startedAt } = this.#poller.find(name) ?? { phase: 'unowned', startedAt: null };
      if (phase === 'unowned' || phase === 'waiting') return [];
      const since = this.#clock.now() + (startedAt ?? 0) - this.#clock.monotonic();
      return [`trigger "${name}" is ${phase} since ${new Date(since).toISOString()}`];
    });
  }

  #describe(row: Row): string[] {
    if (row['state'] === 'ended') return [describeUnfollowed(row)];
    const what = `task "${String(row['task'])}" of execution ${String(row['execution_id'])} (${String(row['workflow'])})`;
    if (row['state'] === 'running')
      return [`${what} runs since ${toDate(row['started_at'])?.toISOString()}, attempt ${Number(row['attempt'])}`];
    if (waitOf(row) > 0) return [];
    this.#dispatcher.wake(0, []);
    const stands =
      this.#engine.state === 'running' ? '' : '; this process does not run the engine, TriggersService.start() does';
    return [`${what} is ready since ${toDate(row['run_at'])?.toISOString()} and nobody claims it${stands}`];
  }
}

/** How long a task is not due yet. */
function waitOf(row: Row): number {
  if (row['state'] !== 'ready') return 0;
  return Math.max(0, Math.ceil((toDate(row['run_at'])?.getTime() ?? 0) - Number(row['now_ms'])));
}

function describeUntold({ workflow, task, execution_id: id }: Row): string {
  const whose = task === null ? `workflow "${String(workflow)}"` : `task "${task as string}"`;
  return `a callback of ${whose} in execution ${String(id)} has not settled`;
}

function describeUnfollowed({ task: trigger, execution_id: id }: Row): string {
  return `trigger "${String(trigger)}" has not followed the end of execution ${String(id)}`;
}
