import { Logger } from '@nestjs/common';
import type { Provider } from '@nestjs/common';
import { DeadLettersService } from './admin/dead-letters.service.js';
import { EnginePort } from './admin/ports.js';
import { TriggersService } from './admin/triggers.service.js';
import { WorkflowRunner } from './admin/workflow-runner.service.js';
import { CALLBACKS_PROVIDERS } from './callbacks/callbacks.providers.js';
import { DefinitionProblems } from './discovery/definition-problems.js';
import { DISCOVERY_PROVIDERS } from './discovery/discovery.providers.js';
import { resolveEngineOptions } from './engine/engine.options.js';
import type { EngineOptions, ResolvedEngineOptions } from './engine/engine.options.js';
import { ENGINE_PROVIDERS } from './engine/engine.providers.js';
import { ENGINE_OPTIONS } from './engine/tokens.js';
import { StoreTransport } from './engine/transport/store/store.transport.js';
import { TaskTransport } from './engine/transport/transport.js';
import { HistoryService } from './history/history.service.js';
import { HTTP_PROVIDERS } from './http/http.providers.js';
import { INTAKE_PROVIDERS } from './intake/intake.providers.js';
import { TriggerOverrides } from './intake/trigger-overrides.js';
import { Clock, SystemClock } from './model/clock.js';
import { EventBus } from './model/events.js';
import { NodeIdentity } from './model/node-identity.js';
import { NodeRoles, resolveNodeRoles } from './model/node-roles.js';
import type { NodeRole } from './model/node-roles.js';
import { TimerRegistry } from './model/timer-registry.js';
import { NestTimerRegistry } from './nest-timer-registry.js';
import { EventLog } from './observability/event-log.service.js';
import { OUTBOX_OPTIONS } from './sources/entity/entity.source.js';
import { SOURCES_PROVIDERS } from './sources/sources.providers.js';
import { resolveDatabaseOptions } from './store/database.options.js';
import type { ResolvedDatabaseOptions } from './store/database.options.js';
import { Store } from './store/store.service.js';
import { TriggersLifecycle } from './triggers.lifecycle.js';
import { GIVEN_ROLES, MODULE_OPTIONS } from './triggers.options.js';
import type { TriggersOptions } from './triggers.options.js';
import { WORKFLOWS_PROVIDERS } from './workflows/workflows.providers.js';

const MODEL_PROVIDERS: readonly Provider[] = [
  { provide: Clock, useClass: SystemClock },
  { provide: EventBus, useFactory: eventBus, inject: [Clock] },
  NodeIdentity,
  NestTimerRegistry,
  { provide: TimerRegistry, useExisting: NestTimerRegistry },
];

/** What the options of the module become. */
const OPTIONS_PROVIDERS: readonly Provider[] = [
  { provide: ENGINE_OPTIONS, useFactory: engineOptions, inject: [MODULE_OPTIONS, DefinitionProblems] },
  { provide: Store, useFactory: store, inject: [MODULE_OPTIONS, DefinitionProblems, Clock, EventBus] },
  { provide: NodeRoles, useFactory: nodeRoles, inject: [GIVEN_ROLES, MODULE_OPTIONS, DefinitionProblems] },
  {
    provide: TaskTransport,
    useFactory: transport,
    inject: [MODULE_OPTIONS, DefinitionProblems, Store, Clock, TimerRegistry],
  },
  { provide: TriggerOverrides, useFactory: overrides, inject: [MODULE_OPTIONS] },
  { provide: OUTBOX_OPTIONS, useFactory: ({ outbox }: TriggersOptions) => outbox ?? {}, inject: [MODULE_OPTIONS] },
];

/** Everything of the module but the admin API, in the order of the flow. */
export const TRIGGERS_PROVIDERS: readonly Provider[] = [
  ...MODEL_PROVIDERS,
  ...OPTIONS_PROVIDERS,
  ...DISCOVERY_PROVIDERS,
  ...HTTP_PROVIDERS,
  ...SOURCES_PROVIDERS,
  ...INTAKE_PROVIDERS,
  ...ENGINE_PROVIDERS,
  ...WORKFLOWS_PROVIDERS,
  ...CALLBACKS_PROVIDERS,
  HistoryService,
  EventLog,
  DeadLettersService,
  TriggersService,
  WorkflowRunner,
  TriggersLifecycle,
  { provide: EnginePort, useExisting: TriggersLifecycle },
];

function eventBus(clock: Clock): EventBus {
  const logger = new Logger('events');
  return new EventBus(
    () => clock.now(),
    (message) => logger.error(message),
  );
}

function store(options: TriggersOptions, problems: DefinitionProblems, clock: Clock, events: EventBus): Store {
  return new Store(databaseOptions(options, problems), clock, events);
}

function nodeRoles(given: readonly NodeRole[], options: TriggersOptions, problems: DefinitionProblems): NodeRoles {
  const { type } = databaseOptions(options, new DefinitionProblems());
  return problems.attempt(() => resolveNodeRoles(given, type)) ?? new NodeRoles();
}

async function transport(
  { transport: option }: TriggersOptions,
  problems: DefinitionProblems,
  ...[store, clock, timers]: [Store, Clock, TimerRegistry]
): Promise<TaskTransport> {
  const made = await problems.attemptLater(async () => option?.make({ store, clock, timers }));
  return made ?? new StoreTransport(store, clock, timers);
}

function overrides(options: TriggersOptions): TriggerOverrides {
  return new TriggerOverrides(options.triggers);
}

/** Where options are wrong the application is refused before anything is opened; until then this stands in for them. */
const NO_DATABASE = { type: 'sqlite', path: ':memory:' } as const;
const ENGINE_SECTIONS = ['worker', 'node', 'shutdown', 'retention'] as const satisfies readonly (keyof EngineOptions)[];

function databaseOptions({ database }: TriggersOptions, problems: DefinitionProblems): ResolvedDatabaseOptions {
  return problems.attempt(() => resolveDatabaseOptions(database)) ?? resolveDatabaseOptions(NO_DATABASE);
}

/** Section by section, so that a mistake in one does not hide a mistake in another. */
function engineOptions(options: TriggersOptions, problems: DefinitionProblems): ResolvedEngineOptions {
  const sections = ENGINE_SECTIONS.filter((name) => options[name] !== undefined).map((name) => ({
    [name]: options[name],
  }));
  const sound = sections.filter((section) => problems.attempt(() => resolveEngineOptions(section)) !== undefined);
  return resolveEngineOptions(Object.assign({}, ...sound) as EngineOptions);
}
