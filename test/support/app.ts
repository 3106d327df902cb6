import { Module } from '@nestjs/common';
import type { INestApplication, LoggerService, ModuleMetadata, Provider, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { TriggersModule } from 'nestjs-triggers';
import type {
  AdminOptions,
  ExecutionItem,
  TriggersOptions,
  TriggersService,
  WebhooksOptions,
  WorkflowRunner,
} from 'nestjs-triggers';
import { TriggersTestKit } from 'nestjs-triggers/testing';
import type { Clock } from 'nestjs-triggers/testing';
import { newDatabase, removeDatabases } from './database.js';
import type { DialectName, TestDatabase } from './database.js';
import { until } from './until.js';

export const PLATFORMS = ['express', 'fastify'] as const;
export type Platform = (typeof PLATFORMS)[number];
export const TOKEN = 'a-token-of-the-tests';
export const BASE = '/admin/triggers';

/** An application of a test. */
export interface AppOptions {
  /** A database that stands already, or the kind of a new one. */
  readonly database: TestDatabase | DialectName;
  readonly platform?: Platform;
  readonly providers?: Provider[];
  readonly controllers?: Type[];
  readonly imports?: NonNullable<ModuleMetadata['imports']>;
  readonly options?: Omit<TriggersOptions, 'database'>;
  readonly admin?: AdminOptions | false;
  readonly webhooks?: WebhooksOptions | false;
  /** Replaces the clock of the machine. */
  readonly clock?: Clock;
  /** Takes the place of `TriggersModule.forRoot(…)`. */
  readonly module?: (database: TestDatabase) => NonNullable<ModuleMetadata['imports']>[number];
  /** Nest's own option, for applications that want raw bodies too. */
  readonly rawBody?: boolean;
  /** Called before the application starts. */
  readonly prepare?: (app: INestApplication) => void;
}

/** What an HTTP call was answered. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: any; // eslint-disable-line @typescript-eslint/no-explicit-any -- what a test expects of it, it says itself
}

const apps: TestApp[] = [];
/** What the applications of this test have logged. */
export const logged: string[] = [];

const push = (message: unknown): void => void logged.push(String(message));
const LOGGER: LoggerService = { log: push, warn: push, error: push, fatal: push, debug: push, verbose: push };

/** A running application. */
export class TestApp {
  url = '';

  constructor(
    readonly kit: TriggersTestKit<INestApplication>,
    readonly database: TestDatabase,
  ) {}

  get nest(): INestApplication {
    return this.kit.app;
  }

  get triggers(): TriggersService {
    return this.kit.triggers;
  }

  get runner(): WorkflowRunner {
    return this.kit.runner;
  }

  /** Calls it over HTTP: a path of the admin API, or an absolute path. */
  async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const response = await fetch(this.url + (path.startsWith('//') ? path.slice(1) : BASE + path), {
      method,
      headers: {
        authorization: `Bearer ${TOKEN}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(text !== undefined && { body: text }),
    });
    const answer = await response.text();
    return { status: response.status, headers: response.headers, body: parsed(answer) };
  }

  async get(path = ''): Promise<any> /* eslint-disable-line @typescript-eslint/no-explicit-any -- as in Answer */ {
    const answer = await this.call('GET', path);
    if (answer.status !== 200) throw new Error(`GET ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** The executions, once there are that many and all have ended. */
  async ended(count: number, what = `${count} executions have ended`): Promise<ExecutionItem[]> {
    return until(async () => {
      const { items } = (await this.get('/executions?limit=1000')) as { items: ExecutionItem[] };
      const over = items.filter(({ state }) => ['completed', 'failed', 'cancelled'].includes(state));
      return over.length >= count && over.length === items.length && over;
    }, what);
  }

  async close(): Promise<void> {
    if (apps.includes(this)) apps.splice(apps.indexOf(this), 1);
    await this.kit.close();
  }
}

/** Starts an application that listens. {@link cleanUp} closes it and takes its database away. */
export async function boot(options: AppOptions): Promise<TestApp> {
  const { database } = options;
  const own = typeof database === 'string' ? await newDatabase(database) : database;
  const kit = await start(moduleOf(options, own), options);
  const app = new TestApp(kit, own);
  const { nest } = app;
  try {
    await nest.listen(0, '127.0.0.1');
  } catch (error) {
    await nest.close().catch(() => undefined);
    throw error;
  }
  app.url = (await nest.getUrl()).replace('[::1]', '127.0.0.1');
  apps.push(app);
  return app;
}

/** Closes what a test left open; for `afterEach`. */
export async function cleanUp(): Promise<void> {
  for (const app of [...apps]) await app.close();
  await removeDatabases();
  logged.length = 0;
}

function moduleOf(
  { providers = [], controllers = [], imports = [], options = {}, admin, webhooks = {}, module }: AppOptions,
  database: TestDatabase,
): Type {
  const triggers =
    module?.(database) ??
    TriggersModule.forRoot({ ...options, database: database.options, admin: admin ?? { token: TOKEN }, webhooks });
  @Module({ imports: [triggers, ...imports], providers, controllers })
  class AppModule {}
  return AppModule;
}

async function start(module: Type, options: AppOptions): Promise<TriggersTestKit<INestApplication>> {
  const { clock, platform = 'express', prepare, rawBody = false } = options;
  const adapter = (platform === 'express' ? new ExpressAdapter() : new FastifyAdapter()) as AbstractHttpAdapter;
  if (clock === undefined) {
    const nest = await NestFactory.create(module, adapter, { logger: LOGGER, abortOnError: false, rawBody });
    prepare?.(nest);
    return TriggersTestKit.of(nest);
  }
  return TriggersTestKit.from(Test.createTestingModule({ imports: [module] }).setLogger(LOGGER), {
    clock,
    database: false,
    application: (testing) => {
      const nest = testing.createNestApplication(adapter);
      prepare?.(nest);
      return nest;
    },
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
