import type { Provider, Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { TestingModule } from '@nestjs/testing';
import { WorkflowRunner } from '../admin/workflow-runner.service.js';
import type { WorkflowResult } from '../admin/workflow-runner.service.js';
import { Clock } from '../model/clock.js';
import type { TimerHandle } from '../model/clock.js';
import { EventBus } from '../model/events.js';
import type { TriggersEventName } from '../model/events.js';
import type { ExecutionId } from '../model/ids.js';
import { StoreKit, rowsOf } from '../store/contract/kit.contract.js';
import type { Database } from '../store/contract/kit.contract.js';
import type { Row } from '../store/dialects/batch.js';
import { Store } from '../store/store.service.js';
import { EventMonitor } from '../testing/event-monitor.js';
import type { TestClock } from '../testing/test-clock.js';
import { TriggersModule } from '../triggers.module.js';
import type { TriggersExtras, TriggersOptions } from '../triggers.options.js';
import { describeWithRedis, useRedis } from '../../../../test/support/redis.js';
import { Dispatcher } from './dispatcher.service.js';
import { NodeLease } from './node-lease.service.js';
import { TestMessages } from './test-messages.contract.js';
import { TaskTransport } from './transport/transport.js';

export { gate } from '../../../../test/support/gate.js';

/** The databases that tests of the engine run on. */
export const DATABASES = ['sqlite', 'postgres'] as const satisfies readonly Database[];

/** Where an engine of several processes stands: a database, and Postgres with messages over BullMQ. */
export type Ground = Database | 'bullmq';

/** Tests of what an engine does on every ground; those on BullMQ are reported as skipped where there is no Redis. */
export function describeOnGrounds(title: string, tests: (ground: Ground) => void): void {
  for (const database of DATABASES) describe(`${title} on ${database}`, () => tests(database));
  describeWithRedis(`${title} on bullmq`, () => tests('bullmq'));
}

/** The clock of one process among several: the same time, but its timers stop when the process dies or is suspended. */
export class NodeClock extends Clock {
  override readonly rulesTheStore = true;
  isDead = false;
  isSuspended = false;
  readonly #missed: (() => void)[] = [];

  constructor(private readonly shared: TestClock) {
    super();
  }

  now(): number {
    return this.shared.now();
  }

  monotonic(): number {
    return this.shared.monotonic();
  }

  setTimer(wake: () => void, delayMs: number): TimerHandle {
    return this.shared.setTimer(() => {
      if (this.isDead) return;
      if (this.isSuspended) this.#missed.push(wake);
      else wake();
    }, delayMs);
  }

  /** What a suspended process does when it goes on: every timer that was due fires. */
  goOn(): void {
    this.isSuspended = false;
    for (const wake of this.#missed.splice(0)) wake();
  }
}

/** One process with the whole module. */
export class TestNode {
  readonly events: EventMonitor;
  readonly #clock: NodeClock;

  constructor(
    readonly module: TestingModule,
    clock: NodeClock,
    private readonly shared: TestClock,
  ) {
    this.#clock = clock;
    this.events = new EventMonitor(this.get(EventBus));
    shared.watch(this.store);
  }

  get<T>(token: Type<T> | (abstract new (...args: never[]) => T)): T {
    return this.module.get<T>(token, { strict: false });
  }

  get store(): Store {
    return this.get(Store);
  }

  get nodeId(): string {
    return this.get(NodeLease).nodeId;
  }

  start(workflow: Type, context: object = {}): Promise<ExecutionId> {
    return this.get(WorkflowRunner).start(workflow as never, context as never);
  }

  /** Runs a workflow to its end while `forMs` pass. */
  async execute(workflow: Type, context: object = {}, forMs = 0): Promise<WorkflowResult> {
    const running = this.get(WorkflowRunner).execute(workflow as never, context as never);
    await this.shared.advance(forMs);
    return running as unknown as Promise<WorkflowResult>;
  }

  /** The names of events so far that begin so. */
  told(prefix: 'task' | 'execution' | 'node' | 'callback'): TriggersEventName[] {
    return this.events.all.map(({ name }) => name).filter((name) => name.startsWith(prefix));
  }

  rows(table: 'task' | 'execution' | 'node' | 'firing'): Promise<readonly Row[]> {
    return rowsOf(this.store, table, table === 'task' ? 'execution_id, ordinal' : 'id');
  }

  /** The process is killed: nothing of it happens any more, and the system frees what it held. */
  crash(): void {
    this.#clock.isDead = true;
    const { dialect } = this.store;
    dialect.transaction = () => new Promise(() => undefined);
    dialect.releaseOwnership();
    const transport = this.get(TaskTransport);
    void transport.close().then(() => transport.stop());
  }

  /** SIGSTOP. */
  suspend(): void {
    this.#clock.isSuspended = true;
  }

  /** SIGCONT. */
  goOn(): void {
    this.#clock.goOn();
  }

  get isDead(): boolean {
    return this.#clock.isDead;
  }
}

/** One database for one test, with any number of processes on it. */
export class EngineKit {
  readonly nodes: TestNode[] = [];

  constructor(
    readonly db: StoreKit,
    readonly messages?: TestMessages,
  ) {
    messages?.restWith(this.clock, () =>
      this.nodes.filter(({ isDead }) => !isDead).map((node) => node.get(Dispatcher).freeSlots),
    );
  }

  get clock(): TestClock {
    return this.db.clock;
  }

  /** Starts a process that declares these workflows. */
  async boot(
    providers: readonly Provider[],
    options: Partial<TriggersOptions & TriggersExtras> = {},
  ): Promise<TestNode> {
    const clock = new NodeClock(this.clock);
    const module = await Test.createTestingModule({
      imports: [
        TriggersModule.forRoot({ database: this.db.options, ...this.messages?.options, ...options, admin: false }),
      ],
      providers: [...providers],
    })
      .overrideProvider(Clock)
      .useValue(clock)
      .compile();
    module.useLogger(false);
    const node = new TestNode(module, clock, this.clock);
    this.nodes.push(node);
    await module.init();
    await this.clock.settle();
    return node;
  }

  /** Stops a process as Nest does, while time passes for its drain. */
  async shutDown(node: TestNode, forMs = 60_000): Promise<void> {
    this.nodes.splice(this.nodes.indexOf(node), 1);
    const closing = node.module.close();
    await this.clock.advance(forMs);
    await closing;
  }

  /** Checks the ledger, then takes everything down. */
  async close(): Promise<void> {
    try {
      await this.db.open();
      expect(await this.db.problems()).toEqual([]);
    } finally {
      for (const node of [...this.nodes]) if (!node.isDead) await this.shutDown(node);
      await this.messages?.close();
      await this.db.close();
    }
  }
}

/** A kit for each test. */
export function useEngineKit(ground: Ground): () => EngineKit {
  let kit: EngineKit;
  const redis = ground === 'bullmq' ? useRedis() : undefined;
  beforeEach(async () => {
    const db = await StoreKit.create(ground === 'bullmq' ? 'postgres' : ground);
    kit = new EngineKit(db, redis && new TestMessages(redis().port));
  });
  afterEach(() => kit.close());
  return () => kit;
}
