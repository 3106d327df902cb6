import type { INestApplication, Provider } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ExpressAdapter } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { ExecutionControl } from '../engine/execution-control.service.js';
import { ExecutionWaiter } from '../engine/execution-waiter.service.js';
import { HistoryService } from '../history/history.service.js';
import { IntakeService } from '../intake/intake.service.js';
import type { FireOutcome, FireRequest } from '../intake/fire.types.js';
import { AuditService } from '../intake/audit.service.js';
import { TriggerControl } from '../intake/trigger-control.service.js';
import type { TriggerDefinition } from '../intake/trigger.definition.js';
import { TriggerRegistry } from '../intake/trigger.registry.js';
import { HTTP_PROVIDERS } from '../http/http.providers.js';
import { Clock, SystemClock } from '../model/clock.js';
import { newId } from '../model/ids.js';
import type { ExecutionId, FiringId } from '../model/ids.js';
import { PollControl } from '../sources/poll/poll-control.service.js';
import { Outboxes } from '../sources/entity/outbox/outboxes.js';
import { OutboxWriter } from '../sources/entity/outbox/outbox-writer.service.js';
import { ManualFirings } from '../sources/manual/manual-firings.service.js';
import { ScheduleFirings } from '../sources/schedule/schedule-firings.service.js';
import { PollSource } from '../sources/poll/poll.source.js';
import type { LivePoll } from '../sources/poll/poll.reports.js';
import type { Store } from '../store/store.service.js';
import type { WorkflowDefinition } from '../workflows/workflow.definition.js';
import { WorkflowRegistry } from '../workflows/workflow.registry.js';
import { AdminTerminal } from './access/access-notice.service.js';
import { createAdminControllers } from './admin.controllers.js';
import type { AdminOptions } from './admin.options.js';
import { adminProviders } from './admin.providers.js';
import { EnginePort } from './ports.js';
import { DeadLettersService } from './dead-letters.service.js';
import { TriggersService } from './triggers.service.js';
import { WorkflowRunner } from './workflow-runner.service.js';
import { plainTrigger } from '../intake/plain-trigger.contract.js';

type AuditEntry = Parameters<AuditService['record']>[0];

/** The platforms that the admin API behaves alike on. */
export const PLATFORMS = ['express', 'fastify'] as const;
export const TOKEN = 'a-token-of-the-tests';
export const BASE = '/admin/triggers';

export const workflow: WorkflowDefinition = {
  name: 'files',
  description: 'Processes files',
  hash: 'f'.repeat(16),
  tasks: [
    {
      id: 'read',
      ordinal: 0,
      dependencies: [],
      dependents: ['write'],
      ancestors: [],
      runWhen: 'allSucceeded',
      when: undefined,
      retry: { attempts: 3 } as never,
      timeoutMs: 1_000,
      pool: 'default',
      callbacks: {},
      method: {} as never,
    },
    {
      id: 'write',
      ordinal: 1,
      dependencies: ['read'],
      dependents: [],
      ancestors: ['read'],
      runWhen: 'allDone',
      when: undefined,
      retry: { attempts: 1 } as never,
      timeoutMs: null,
      pool: 'default',
      callbacks: {},
      method: {} as never,
    },
  ],
  input: { jsonSchema: () => ({ type: 'object', required: ['filename'] }), problems: () => [] },
  callbacks: {},
  target: class Files {},
};

/** A poll trigger as the explorer would have found it. */
export function definition(given: Partial<TriggerDefinition> = {}): TriggerDefinition {
  return plainTrigger({ workflows: [workflow], options: { timeout: '30s' }, pollIntervalMs: 2_000, ...given });
}

/** Everything behind the admin API that is not under test. */
export class Behind {
  readonly audit: AuditEntry[] = [];
  readonly printed: string[] = [];
  readonly live = new Map<string, LivePoll>();
  readonly outcome: FireOutcome = {
    status: 'accepted',
    of: null,
    state: 'accepted',
    firingId: newId<FiringId>(),
    executionIds: [newId<ExecutionId>()],
    dedupKey: 'sha256:ab',
    reason: null,
    delayedMs: 0,
  };
  readonly intake = {
    fire: jest.fn(async (_request: FireRequest) => this.outcome),
    start: jest.fn(async (_request: unknown) => this.outcome),
    replay: jest.fn(async (_id: string, _options: unknown) => this.outcome),
  };
  readonly executions = {
    cancel: jest.fn(async (_id: string, _by: string) => ({ state: 'cancelled' })),
    pause: jest.fn(async (_id: string, _by: string) => ({ state: 'paused' })),
    resume: jest.fn(async (_id: string, _by: string) => ({ state: 'running' })),
    retry: jest.fn(async (_id: string, _by: string) => ({ state: 'running' })),
  };
  readonly triggers = {
    override: jest.fn(async () => undefined),
    setCursor: jest.fn(async () => undefined),
    resume: jest.fn(async () => undefined),
    forget: jest.fn(async () => undefined),
  };
  readonly poller = {
    pollNow: jest.fn(async (_name: string): Promise<unknown> => ({
      status: 'skipped',
      reason: 'inbox is empty',
      durationMs: 2,
    })),
    test: jest.fn(async (_name: string): Promise<unknown> => ({
      status: 'skipped',
      reason: null,
      items: [],
      cursor: null,
      more: false,
      durationMs: 1,
    })),
    live: (name: string) => this.live.get(name),
    changed: jest.fn(),
    writeCounts: jest.fn(async (_name: string) => undefined),
  };
  readonly engine = { start: jest.fn(async () => undefined), stop: jest.fn(async () => undefined) };
  readonly runtime = { register: jest.fn(async () => undefined) };
  readonly manual = {
    fire: jest.fn(async (_trigger: unknown, _asked: unknown): Promise<unknown> => this.outcome),
    test: jest.fn(async (_trigger: unknown, _asked: unknown): Promise<unknown> => this.poller.test('')),
  };
  readonly waiter = { ended: jest.fn(async (_id: string) => undefined) };

  providers(): Provider[] {
    return [
      { provide: IntakeService, useValue: this.intake },
      { provide: ExecutionControl, useValue: this.executions },
      { provide: ExecutionWaiter, useValue: this.waiter },
      { provide: TriggerControl, useValue: this.triggers },
      { provide: PollControl, useValue: this.poller },
      { provide: EnginePort, useValue: this.engine },
      { provide: ManualFirings, useValue: this.manual },
      ScheduleFirings,
      OutboxWriter,
      { provide: Outboxes, useValue: { get: () => undefined } },
      { provide: PollSource, useValue: this.runtime },
      { provide: AuditService, useValue: { record: async (entry: AuditEntry) => void this.audit.push(entry) } },
      { provide: AdminTerminal, useValue: { print: (line: string) => void this.printed.push(line) } },
    ];
  }
}

/** How an application with the admin API is made. */
export interface AppOptions {
  readonly platform: (typeof PLATFORMS)[number];
  readonly store: Store;
  readonly behind: Behind;
  /** @default the bearer token {@link TOKEN} */
  readonly admin?: AdminOptions;
  readonly clock?: Clock;
  readonly definitions?: readonly TriggerDefinition[];
  /** What else the application has. */
  readonly providers?: readonly Provider[];
  /** Providers of the root module, for `APP_GUARD`. */
  readonly rootProviders?: readonly Provider[];
  readonly prepare?: (app: INestApplication) => void;
}

/** A listening application whose triggers module consists of the admin API alone. */
export async function startApp(options: AppOptions): Promise<INestApplication> {
  const { platform, store, behind, admin = { token: TOKEN }, clock = new SystemClock() } = options;
  const triggers = new TriggerRegistry();
  for (const found of options.definitions ?? [definition()]) triggers.add(found);
  const workflows = new WorkflowRegistry();
  workflows.add(workflow);

  @Module({
    controllers: createAdminControllers(admin),
    providers: [
      ...adminProviders(admin),
      ...HTTP_PROVIDERS,
      ...behind.providers(),
      DeadLettersService,
      TriggersService,
      WorkflowRunner,
      { provide: HistoryService, useValue: new HistoryService(store) },
      { provide: TriggerRegistry, useValue: triggers },
      { provide: WorkflowRegistry, useValue: workflows },
      { provide: Clock, useValue: clock },
    ],
    exports: [TriggersService, WorkflowRunner],
  })
  class AdminModule {}

  @Module({ providers: [...(options.providers ?? [])], exports: [...(options.providers ?? [])] })
  class RestOfTheApplication {}

  const module = await Test.createTestingModule({
    imports: [AdminModule, RestOfTheApplication],
    providers: [...(options.rootProviders ?? [])],
  }).compile();
  const app = module.createNestApplication(platform === 'fastify' ? new FastifyAdapter() : new ExpressAdapter(), {
    logger: false,
  });
  options.prepare?.(app);
  await app.listen(0, '127.0.0.1');
  return app;
}
