import type { INestApplicationContext, LoggerService, ModuleMetadata } from '@nestjs/common';
import type { TestingModule, TestingModuleBuilder } from '@nestjs/testing';
import { StoreTransport } from '../engine/transport/store/store.transport.js';
import { TaskTransport } from '../engine/transport/transport.js';
import { Clock } from '../model/clock.js';
import { TriggersError } from '../model/errors.js';
import { EventBus } from '../model/events.js';
import { resolveDatabaseOptions } from '../store/database.options.js';
import type { DatabaseOptions } from '../store/database.options.js';
import { Store } from '../store/store.service.js';
import { TriggersModule } from '../triggers.module.js';
import type { TriggersExtras, TriggersOptions } from '../triggers.options.js';
import { TestClock } from './test-clock.js';

/** A database of its own that is gone with the application. */
const IN_MEMORY: DatabaseOptions = { type: 'sqlite', path: ':memory:' };
const say = (): void => undefined;
const SILENT: LoggerService = { log: say, warn: say, error: say };

/** What an application gets for a test. `false` leaves it what it has. */
export interface TestApplicationOptions<App extends INestApplicationContext = TestingModule> {
  /** @default a {@link TestClock} that stands still */
  readonly clock?: Clock | false;
  /** @default SQLite in memory */
  readonly database?: DatabaseOptions | false;
  /** Makes the application of the compiled module, for tests over HTTP. @default the module itself, without HTTP */
  readonly application?: (module: TestingModule) => App;
}

/** Providers under test, with what belongs to them, and options of `TriggersModule`. */
export interface TestModule extends ModuleMetadata, Omit<TestApplicationOptions, 'application'> {
  /** @default `{ admin: false }` */
  readonly options?: Omit<TriggersOptions, 'database'> & TriggersExtras;
  /** @default silent */
  readonly logger?: LoggerService;
}

/** A testing module of these providers and `TriggersModule`. */
export async function builderOf({ options, logger = SILENT, ...metadata }: TestModule): Promise<TestingModuleBuilder> {
  const { Test } = await import('@nestjs/testing').catch((cause: unknown) => {
    const message =
      'The test kit needs @nestjs/testing to make an application. Run: npm install --save-dev @nestjs/testing';
    throw new TriggersError('TRG_TEST_SETUP', message, { cause });
  });
  const { imports = [], controllers = [], providers = [], exports = [] } = metadata;
  const triggers = TriggersModule.forRoot({ admin: false, ...options });
  return Test.createTestingModule({ imports: [triggers, ...imports], controllers, providers, exports }).setLogger(
    logger,
  );
}

/** Gives an application what it needs for a test, by Nest's own overrides: its options stay what they are. */
export function prepare(
  builder: TestingModuleBuilder,
  { clock = new TestClock(), database = IN_MEMORY }: Pick<TestApplicationOptions, 'clock' | 'database'>,
): TestingModuleBuilder {
  if (clock !== false) builder.overrideProvider(Clock).useValue(clock);
  if (database !== false) {
    const store = (by: Clock, events: EventBus): Store => new Store(resolveDatabaseOptions(database), by, events);
    builder.overrideProvider(Store).useFactory({ factory: store as () => Store, inject: [Clock, EventBus] });
    builder.overrideProvider(TaskTransport).useClass(StoreTransport);
  }
  return builder;
}

/** @throws TRG_TEST_SETUP when the application does not import `TriggersModule` */
export function requireTriggers(app: INestApplicationContext): void {
  try {
    app.get(Store, { strict: false });
  } catch (cause) {
    throw new TriggersError('TRG_TEST_SETUP', 'This application does not import TriggersModule.', { cause });
  }
}
