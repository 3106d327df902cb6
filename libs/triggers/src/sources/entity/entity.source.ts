import { Inject, Injectable } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { DefinitionProblems } from '../../discovery/definition-problems.js';
import { ProviderExplorer } from '../../discovery/provider.explorer.js';
import { OutboxIntake } from '../../intake/outbox-intake.service.js';
import { TriggerRegistry } from '../../intake/trigger.registry.js';
import { Clock } from '../../model/clock.js';
import { NodeRoles } from '../../model/node-roles.js';
import { TimerRegistry } from '../../model/timer-registry.js';
import { declaredTriggers } from '../declared-trigger.js';
import { registerTriggers } from '../register-triggers.js';
import type { Source } from '../source.js';
import { ApplicationDatabases } from './application-databases.js';
import { EntityTriggerBuilder } from './entity-trigger.builder.js';
import { ENTITY_TRIGGER } from './entity-trigger.decorator.js';
import type { EntityDefinition } from './entity-trigger.definition.js';
import type { OutboxOptions } from './entity-trigger.options.js';
import { Outboxes } from './outbox/outboxes.js';
import { ChangeMapper } from './relay/change-mapper.js';
import { OutboxRelay } from './relay/outbox.relay.js';
import { ProgramFirings } from './relay/program-firings.service.js';

/** Injects {@link OutboxOptions} as they were given. */
export const OUTBOX_OPTIONS = Symbol('outbox options');

/**
 * Changes of entities as a source. Every process makes the application's databases capture what it watches; those with the role
 * `scheduler` relay what was captured.
 */
@Injectable()
export class EntitySource implements Source {
  readonly #relays: OutboxRelay[] = [];

  constructor(
    private readonly providers: ProviderExplorer,
    private readonly builder: EntityTriggerBuilder,
    private readonly databases: ApplicationDatabases,
    private readonly outboxes: Outboxes,
    readonly registry: TriggerRegistry,
    readonly problems: DefinitionProblems,
    private readonly roles: NodeRoles,
    @Inject(OUTBOX_OPTIONS) private readonly options: OutboxOptions,
    private readonly intake: OutboxIntake,
    private readonly mapper: ChangeMapper,
    private readonly programs: ProgramFirings,
    private readonly clock: Clock,
    private readonly timers: TimerRegistry,
  ) {}

  async discover(): Promise<readonly EntityDefinition[]> {
    const declared = declaredTriggers(this.providers.all(), ENTITY_TRIGGER);
    const found = await registerTriggers(this, declared, (one) => this.builder.build(one, this.problems));
    const sources = new Set(found.map(({ source }) => source));
    for (const ref of this.options.dataSources ?? []) {
      const where = 'Option "outbox.dataSources"';
      this.problems.attempt(() => sources.add(this.#checked(this.databases.named(ref, where), where)));
    }
    for (const source of sources)
      this.#add(
        source,
        found.filter((trigger) => trigger.source === source),
      );
    return found;
  }

  /** Before anything runs here, so that nothing that is written from then on is missed. */
  async open(): Promise<void> {
    for (const relay of this.#relays) await relay.install(this.roles.has('scheduler') ? 'all' : 'own');
  }

  async start(): Promise<void> {
    if (!this.roles.has('scheduler')) return;
    for (const relay of this.#relays) relay.start();
  }

  /** Relays what is committed by now; returns how many rows were settled here. Never throws. */
  async drain(): Promise<number> {
    const settled = await Promise.all(this.#relays.map((relay) => relay.drain()));
    return settled.reduce((sum, rows) => sum + rows, 0);
  }

  async stop(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#relays.map((relay) => relay.stop(signal)));
  }

  #checked(source: DataSource, where: string): DataSource {
    this.outboxes.of(source, where);
    return source;
  }

  #add(source: DataSource, triggers: readonly EntityDefinition[]): void {
    const outbox = this.outboxes.get(source);
    if (outbox === undefined) return;
    outbox.noteCauses();
    const { intake, mapper, programs, clock, timers } = this;
    const names = (): readonly string[] => this.registry.all().map(({ name }) => name);
    this.#relays.push(new OutboxRelay(outbox, triggers, { intake, mapper, programs, clock, timers, names }));
  }
}
