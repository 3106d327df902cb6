import type { INestApplicationContext, Type } from '@nestjs/common';
import type { TestingModule, TestingModuleBuilder } from '@nestjs/testing';
import { TriggersService } from '../admin/triggers.service.js';
import { WorkflowRunner } from '../admin/workflow-runner.service.js';
import { EngineService } from '../engine/engine.service.js';
import type { ExecutionFilter } from '../history/history.filters.js';
import { HistoryService } from '../history/history.service.js';
import type { ExecutionDetail, ExecutionItem } from '../history/history.types.js';
import { MAX_PAGE_LIMIT } from '../history/page.js';
import { IntakeCounter } from '../intake/intake-counter.js';
import { Clock } from '../model/clock.js';
import { TriggersError } from '../model/errors.js';
import { EventBus } from '../model/events.js';
import { hasEnded } from '../model/states.js';
import { PollerService } from '../sources/poll/poller.service.js';
import { Store } from '../store/store.service.js';
import { Drain } from './drain.js';
import type { DrainOptions, DrainSummary } from './drain.js';
import { EventMonitor } from './event-monitor.js';
import { checkLedger } from './ledger-check.js';
import { OpenWork } from './open-work.js';
import { toPollOutcome } from './poll-outcome.js';
import type { PollOutcome } from './poll-outcome.js';
import { TestClock, movable } from './test-clock.js';
import { builderOf, prepare, requireTriggers } from './test-application.js';
import type { TestApplicationOptions, TestModule } from './test-application.js';
import { Deadline } from './time-limit.js';
import type { TimeLimit } from './time-limit.js';

/** How long a close waits for work to end by itself before it lets the time for draining pass. */
const CLOSE_PATIENCE_MS = 200;
/** What a drain takes beyond its time: bodies that return after their signal, their last commits. */
const CLOSE_MARGIN_MS = 5_000;

/**
 * Tests triggers and workflows of an application, through its real pipe and a real database.
 *
 * Unless it is told otherwise the application gets a database in memory and a {@link TestClock} that stands still:
 * nothing is polled, retried or timed out before the test says so.
 *
 * @example
 * const kit = await TriggersTestKit.create({ providers: [Greeting, Guests] });
 * const { executionIds } = await kit.poll('guests');
 * expect(await kit.result(executionIds[0])).toMatchObject({ state: 'completed', result: { text: 'Hello Ada' } });
 * await kit.close();
 */
export class TriggersTestKit<App extends INestApplicationContext = TestingModule> {
  /** What the application tells, from the beginning of the kit on. */
  readonly events: EventMonitor;
  readonly #drain: Drain;
  readonly #work: OpenWork;

  private constructor(readonly app: App) {
    const [store, bus] = [this.get(Store), this.get(EventBus)];
    const clock = this.get(Clock);
    if (clock instanceof TestClock) clock.watch(store);
    this.events = new EventMonitor(bus);
    this.#work = new OpenWork(app);
    this.#drain = new Drain(this.#work, clock, bus);
  }

  /** Starts an application of these providers and `TriggersModule`, which need not be imported. */
  static async create(module: TestModule): Promise<TriggersTestKit> {
    return TriggersTestKit.from(await builderOf(module), module);
  }

  /**
   * Starts what `Test.createTestingModule(…)` has made, your whole `AppModule` for example, with overrides and mocks as
   * ever. It imports `TriggersModule` itself; its options stand, but for database and clock.
   */
  static async from<App extends INestApplicationContext = TestingModule>(
    builder: TestingModuleBuilder,
    options: TestApplicationOptions<App> = {},
  ): Promise<TriggersTestKit<App>> {
    const module = await prepare(builder, options).compile();
    const app = options.application?.(module) ?? (module as INestApplicationContext as App);
    const kit = TriggersTestKit.of(app);
    try {
      await app.init();
    } catch (error) {
      await app.close().catch(() => undefined);
      throw error;
    }
    return kit;
  }

  /**
   * A kit over an application that stands already, with the clock and the database that it has.
   *
   * @throws TRG_TEST_SETUP when it does not import `TriggersModule`
   */
  static of<App extends INestApplicationContext>(app: App): TriggersTestKit<App> {
    requireTriggers(app);
    return new TriggersTestKit(app);
  }

  /** Looks after triggers, as the admin API does. */
  get triggers(): TriggersService {
    return this.get(TriggersService);
  }

  /** Runs workflows without a trigger. */
  get runner(): WorkflowRunner {
    return this.get(WorkflowRunner);
  }

  /** The clock of the application. @throws TRG_TEST_SETUP when it runs on the clock of the machine */
  get clock(): TestClock {
    return movable(this.get(Clock));
  }

  /** A provider of the application, whatever module it is in. */
  get<T>(token: Type<T> | (abstract new (...args: never[]) => T) | string | symbol): T {
    return this.app.get<T>(token, { strict: false });
  }

  /**
   * Polls a trigger now, whatever its interval, its back-off and the clock, and tells what came of it. What it started is
   * durable then and on its way: {@link drain} or {@link result} wait for it.
   *
   * @throws TRG_API_TRIGGER_NOT_FOUND; TRG_API_CONFLICT when it is disabled, suspended or not polled by this process;
   *   TRG_TEST_LIMIT when its method does not return
   */
  async poll(name: string, { limit }: TimeLimit = {}): Promise<PollOutcome> {
    // What an operator has just changed counts already.
    await this.get(PollerService).refresh(name);
    const report = await new Deadline(limit).for(this.triggers.poll(name), () => this.#work.state());
    return toPollOutcome(report);
  }

  /**
   * Waits until nothing is on its way: no poll, no commit, no body, no task that is due, no callback, on any node of this
   * database. Duplicates that were counted in memory are written.
   *
   * @throws TRG_TEST_LIMIT with what is still on its way, and since when
   * @example expect(await kit.drain({ through: '1h' })).toEqual({ completed: 1, failed: 0, cancelled: 0, later: 0 });
   */
  async drain(options: DrainOptions = {}): Promise<DrainSummary> {
    const summary = await this.#drain.run(options);
    await this.get(IntakeCounter).flush();
    return summary;
  }

  /** Executions, oldest first; the last 1,000 that match. */
  async executions(filter: ExecutionFilter = {}): Promise<readonly ExecutionItem[]> {
    const { items } = await this.get(HistoryService).executions(filter, { limit: MAX_PAGE_LIMIT });
    return [...items].reverse();
  }

  /**
   * An execution once it has ended and its callbacks have settled: its result, its error, its tasks with their attempts.
   *
   * @throws TRG_TEST_LIMIT with what is still on its way; TRG_API_EXECUTION_NOT_FOUND
   */
  async result(executionId: string | undefined, { limit }: TimeLimit = {}): Promise<ExecutionDetail> {
    const settled = async (): Promise<ExecutionDetail | undefined> => {
      const found = await this.get(HistoryService).execution(String(executionId));
      if (found === null)
        throw new TriggersError('TRG_API_EXECUTION_NOT_FOUND', `There is no execution "${executionId}".`);
      return isSettled(found) ? found : undefined;
    };
    return new Deadline(limit).until(settled, () => this.#work.state());
  }

  /** Reads the whole ledger and tells what cannot be; empty when every promise stands. */
  check(): Promise<string[]> {
    return checkLedger(this.get(Store));
  }

  /** Closes the application. Bodies may end; for those that do not, a test clock lets the time for draining pass. */
  async close(): Promise<void> {
    const clock = this.get(Clock);
    const { drainMs } = this.get(EngineService);
    const closing = this.app.close();
    const patience = new Promise<false>((resolve) => setTimeout(() => resolve(false), CLOSE_PATIENCE_MS).unref());
    const hasClosed = await Promise.race([closing.then(() => true), patience]);
    if (!hasClosed && clock instanceof TestClock) await clock.advance(drainMs + CLOSE_MARGIN_MS);
    await closing;
  }
}

function isSettled({ state, callbacks, tasks }: ExecutionDetail): boolean {
  const all = [callbacks, ...tasks.map((task) => task.callbacks)].flat();
  return hasEnded(state) && all.every((callback) => callback.state !== 'pending');
}
