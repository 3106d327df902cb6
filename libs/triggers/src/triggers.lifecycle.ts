import { Inject, Injectable, Logger } from '@nestjs/common';
import type {
  BeforeApplicationShutdown,
  OnApplicationBootstrap,
  OnApplicationShutdown,
  OnModuleDestroy,
  OnModuleInit,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { CallbacksService } from './callbacks/callbacks.service.js';
import { OnTriggersExplorer } from './callbacks/on-triggers.explorer.js';
import { DefinitionProblems } from './discovery/definition-problems.js';
import { EngineService } from './engine/engine.service.js';
import type { EngineCompanion } from './engine/engine.service.js';
import { ServedPools } from './engine/served-pools.service.js';
import { HeldReleaser } from './intake/held-releaser.service.js';
import { IntakeCounter } from './intake/intake-counter.js';
import { TriggerOverrides } from './intake/trigger-overrides.js';
import { TriggerRegistry } from './intake/trigger.registry.js';
import { Clock } from './model/clock.js';
import { TriggersError } from './model/errors.js';
import { NestTimerRegistry } from './nest-timer-registry.js';
import { Sources } from './sources/sources.service.js';
import type { Notice } from './store/notices.js';
import { Store } from './store/store.service.js';
import { MODULE_OPTIONS } from './triggers.options.js';
import type { TriggersOptions } from './triggers.options.js';
import { WorkflowExplorer } from './workflows/workflow.explorer.js';

/**
 * The life of the module, in Nest's order.
 *
 * Boot: find and check every definition, open the store, and only then run. Shutdown: stop polling and claiming while
 * connections of the application still stand (`onModuleDestroy`), let bodies end (`beforeApplicationShutdown`), close the
 * database last, after HTTP (`onApplicationShutdown`).
 */
@Injectable()
export class TriggersLifecycle
  implements
    EngineCompanion,
    OnModuleInit,
    OnApplicationBootstrap,
    OnModuleDestroy,
    BeforeApplicationShutdown,
    OnApplicationShutdown
{
  readonly #logger = new Logger('triggers');
  #stopping: Promise<void> | undefined;
  /** Aborted as a stop begins. */
  #running = new AbortController();

  constructor(
    @Inject(MODULE_OPTIONS) private readonly options: TriggersOptions,
    private readonly modules: ModulesContainer,
    private readonly problems: DefinitionProblems,
    private readonly workflows: WorkflowExplorer,
    private readonly sources: Sources,
    private readonly registry: TriggerRegistry,
    private readonly overrides: TriggerOverrides,
    private readonly listeners: OnTriggersExplorer,
    private readonly store: Store,
    private readonly pools: ServedPools,
    private readonly engine: EngineService,
    private readonly callbacks: CallbacksService,
    private readonly counter: IntakeCounter,
    private readonly held: HeldReleaser,
    private readonly timers: NestTimerRegistry,
    private readonly clock: Clock,
  ) {}

  async onModuleInit(): Promise<void> {
    this.#refuseSecondModule();
    this.workflows.explore();
    await this.sources.discover();
    this.problems.attempt(() => this.pools.check());
    for (const problem of this.overrides.problems(this.registry.all())) this.problems.add(problem);
    this.problems.throwIfAny();
    this.listeners.explore();
    await this.store.open();
    await this.sources.open();
    this.engine.join(this);
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.timers.connect();
    if (this.options.autostart === false) return;
    await this.start();
    if (process.listenerCount('SIGTERM') === 0) {
      this.#logger.warn(
        'Shutdown hooks are off: call app.enableShutdownHooks(), so that running tasks may end at SIGTERM.',
      );
    }
  }

  /** Runs engine and sources of this process. */
  start(): Promise<void> {
    this.store.commits.hurry(false);
    this.#running = new AbortController();
    return this.engine.start();
  }

  /** Stops them: nothing more is polled or claimed, what runs may end within the drain time. */
  async stop(): Promise<void> {
    await this.#beginStop();
    await this.#endStop();
  }

  engineStarting(): Promise<void> {
    return this.sources.prepare();
  }

  /** A stop may come meanwhile, as this process takes over from another one. */
  async engineStarted(): Promise<void> {
    const { signal } = this.#running;
    await this.callbacks.runOnce();
    if (!signal.aborted) await this.sources.start(signal);
    if (!signal.aborted) await this.held.runOnce();
  }

  async leaseRenewed(): Promise<void> {
    await this.callbacks.runOnce();
    await this.sources.renewed();
    await this.held.runOnce();
  }

  async noticed(notice: Notice): Promise<void> {
    await this.sources.noticed(notice.about === 'trigger' ? notice.name : null);
  }

  leaseLost(): void {
    this.sources.leaseLost();
  }

  async onModuleDestroy(): Promise<void> {
    await this.#beginStop();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#endStop();
    this.callbacks.stop();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.store.close();
  }

  /** Stops beginning things. Polls and bodies go on, until the time for draining is over. */
  async #beginStop(): Promise<void> {
    if (this.#stopping !== undefined) return;
    this.store.commits.hurry(true);
    this.#running.abort();
    const deadline = new AbortController();
    const timer = this.clock.setTimer(() => deadline.abort(), this.engine.drainMs);
    const polls = this.sources.stop(deadline.signal).finally(() => timer.clear());
    this.#stopping = polls;
    await this.engine.stopClaiming();
  }

  async #endStop(): Promise<void> {
    await this.#stopping;
    this.#stopping = undefined;
    await this.engine.drain();
    await this.callbacks.whenIdle();
    await this.counter.end();
  }

  #refuseSecondModule(): void {
    const own = [...this.modules.values()].filter((module) => [...module.providers.keys()].includes(TriggersLifecycle));
    if (own.length > 1) {
      this.problems.add(
        new TriggersError(
          'TRG_DEF_INVALID_OPTION',
          'TriggersModule.forRoot() is imported twice; every trigger would run twice. Import it once, in the root module: its services are global.',
        ),
      );
    }
  }
}
