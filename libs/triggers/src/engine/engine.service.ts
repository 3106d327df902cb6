import { Inject, Injectable, Logger } from '@nestjs/common';
import { Clock } from '../model/clock.js';
import type { TimerHandle } from '../model/clock.js';
import { EventBus } from '../model/events.js';
import { NodeRoles } from '../model/node-roles.js';
import { errorMessage } from '../model/text.js';
import { deleteOtherNodes } from '../store/node.repository.js';
import type { Notice } from '../store/notices.js';
import { Store } from '../store/store.service.js';
import { Dispatcher } from './dispatcher.service.js';
import type { ResolvedEngineOptions } from './engine.options.js';
import { NodeLease } from './node-lease.service.js';
import type { LeaseListener } from './node-lease.service.js';
import { NoticeListener } from './notice-listener.service.js';
import { PoolWatch } from './pool-watch.service.js';
import { Pruner } from './pruner.service.js';
import { Rescuer } from './rescuer.service.js';
import { MAX_ZOMBIES, TaskRunner } from './task-runner.service.js';
import { ENGINE_OPTIONS } from './tokens.js';
import { WorkflowWatch } from './workflow-watch.service.js';

const TRY_OWNERSHIP_EVERY_MS = 1_000;

/** Others that live and die with the engine of this process: sources, callbacks. */
export interface EngineCompanion {
  /** This process is about to run the engine: it has its lease and has not touched any work. */
  engineStarting(): Promise<void>;
  /** This process runs the engine now. */
  engineStarted(): Promise<void>;
  /** The lease was renewed. */
  leaseRenewed(): Promise<void>;
  /** Another process told that a trigger, or anything, was changed. */
  noticed(notice: Notice): Promise<void>;
  /** The lease is lost: drop everything that is owned, at once. */
  leaseLost(): void;
}

/**
 * The engine of one process: from the right to run (the owner lock on SQLite, always on Postgres) through lease, rescue
 * and claiming to the drain at shutdown. A second process on one SQLite file reads, fires and serves the admin API, and
 * takes over within a second when the owner leaves.
 *
 * What of this a process does is up to its roles: every one has a lease, rescues and watches; a `worker` claims, a `scheduler` prunes.
 */
@Injectable()
export class EngineService implements LeaseListener {
  readonly #logger = new Logger('engine');
  readonly #companions: EngineCompanion[] = [];
  #ownershipTimer: TimerHandle | undefined;
  #state: 'stopped' | 'waiting' | 'running' = 'stopped';
  #wasUnhealthy = false;

  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly events: EventBus,
    private readonly lease: NodeLease,
    private readonly dispatcher: Dispatcher,
    private readonly runner: TaskRunner,
    private readonly rescuer: Rescuer,
    private readonly watch: WorkflowWatch,
    private readonly pools: PoolWatch,
    private readonly pruner: Pruner,
    private readonly notices: NoticeListener,
    private readonly roles: NodeRoles,
    @Inject(ENGINE_OPTIONS) private readonly options: ResolvedEngineOptions,
  ) {}

  /** `waiting`: another process owns the SQLite file, or is to own it. */
  get state(): 'stopped' | 'waiting' | 'running' {
    return this.#state;
  }

  /** How long running work may go on after a stop began. */
  get drainMs(): number {
    return this.options.drainMs;
  }

  /** Bodies that did not return after their signal; above ten the process should be restarted. */
  get zombies(): number {
    return this.runner.zombies;
  }

  /** Joins the life of the engine; call before {@link start}. */
  join(companion: EngineCompanion): void {
    this.#companions.push(companion);
  }

  /** Runs the engine, or waits until it may. */
  async start(): Promise<void> {
    if (this.#state !== 'stopped') return;
    this.#state = 'waiting';
    if (this.roles.onlyServes && this.store.options.type === 'sqlite') {
      return this.#logger.log('This process serves the API and fires; another one runs the triggers on this database.');
    }
    if (this.store.dialect.acquireOwnership()) return this.#run();
    this.#logger.warn(
      `Another process runs the triggers on this database (${this.store.dialect.ownershipFile}). This one serves the API and can fire; it takes over when the other leaves.`,
    );
    this.#tryLater();
  }

  /** Claims nothing more. First step of a shutdown. */
  async stopClaiming(): Promise<void> {
    this.#ownershipTimer?.clear();
    this.notices.stop();
    this.runner.beginStop();
    if (this.#state === 'running') await this.dispatcher.stopClaiming();
    else this.#state = 'stopped';
    await this.pruner.stop();
  }

  /** Lets running tasks end, then aborts and releases them, and gives up lease and ownership. */
  async drain(): Promise<void> {
    await this.runner.stop(this.options.drainMs);
    await this.dispatcher.close();
    await this.lease.stop();
    this.store.dialect.releaseOwnership();
    this.#state = 'stopped';
  }

  async renewed(late: boolean): Promise<void> {
    await this.#isolated(() => (late ? Promise.resolve() : this.rescuer.runOnce()));
    await this.#isolated(() => this.watch.runOnce());
    await this.#isolated(() => this.pools.runOnce());
    await this.#tellCompanions((companion) => companion.leaseRenewed());
    this.#checkHealth();
  }

  lost(): void {
    this.#logger.error(
      'This node did not renew its lease in time. What it ran is aborted, others take it over; it comes back under a new identity.',
    );
    this.runner.abandonAll();
    for (const companion of this.#companions) companion.leaseLost();
  }

  async #run(): Promise<void> {
    await this.lease.start(this);
    // Stopped meanwhile: another process may be the owner by now, and its node is not to be deleted.
    if (this.#state !== 'waiting') return;
    if (this.store.options.type === 'sqlite') {
      await this.store.change(() => deleteOtherNodes(this.lease.nodeId));
    }
    for (const companion of this.#companions) {
      if (this.#state !== 'waiting') return;
      await companion.engineStarting();
    }
    const { rescued, abandoned } = await this.rescuer.runOnce();
    if (rescued + abandoned > 0)
      this.#logger.log(
        `Took over ${rescued} tasks of a process that died${abandoned > 0 ? `, gave up ${abandoned}` : ''}.`,
      );
    await this.watch.runOnce();
    await this.pools.runOnce();
    if (this.#state !== 'waiting') return;
    this.#state = 'running';
    if (this.roles.has('worker')) this.dispatcher.startClaiming();
    if (this.roles.has('scheduler')) this.pruner.start();
    this.notices.start((notice) => void this.#tellCompanions((companion) => companion.noticed(notice)));
    for (const companion of this.#companions) await companion.engineStarted();
  }

  async #tellCompanions(tell: (companion: EngineCompanion) => Promise<void>): Promise<void> {
    for (const companion of this.#companions) await this.#isolated(() => tell(companion));
  }

  #tryLater(): void {
    this.#ownershipTimer = this.clock.setTimer(() => {
      if (!this.store.dialect.acquireOwnership()) return this.#tryLater();
      this.#logger.log('The other process has left; this one runs the triggers now.');
      void this.#isolated(() => this.#run()).then(() => {
        if (this.#state === 'waiting') this.#tryLater();
      });
    }, TRY_OWNERSHIP_EVERY_MS);
  }

  #checkHealth(): void {
    const unhealthy = this.runner.zombies > MAX_ZOMBIES;
    if (unhealthy && !this.#wasUnhealthy) {
      const reason = `${this.runner.zombies} task bodies do not return although they were told to stop`;
      this.events.emit('node.unhealthy', { nodeId: this.lease.nodeId, reason });
    }
    this.#wasUnhealthy = unhealthy;
  }

  async #isolated(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#logger.warn(`Background work failed and is tried again: ${errorMessage(error)}`);
    }
  }
}
