import type { Type } from '@nestjs/common';
import { Task, Workflow } from 'nestjs-triggers';
import type { TaskContext } from 'nestjs-triggers';
import { bullMq } from 'nestjs-triggers/bullmq';
import { boot, cleanUp, logged } from '../support/app.js';
import type { TestApp } from '../support/app.js';
import { newDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { describeWithRedis, useRedis } from '../support/redis.js';
import { until } from '../support/until.js';

/** Executions that are open while a version is rolled out, and those that must begin and end at each step of that. */
const OPEN = 24;
const BETWEEN = 15;
/** Bodies of each old node that end only when it stops. */
const HELD = 3;
const NODES = ['a', 'b', 'c'];

/** Executions whose `check` an old node had begun when it was stopped. */
let held: Set<string>;

/** A task's output: which version has run it. */
function by(version: number, { taskId }: TaskContext): object {
  return { [taskId]: version };
}

/** Holds some of its executions until it is stopped. */
function versionOne(): Type {
  let left = HELD;
  @Workflow({ name: 'import' })
  class Import {
    @Task()
    read(context: TaskContext) {
      return by(1, context);
    }

    @Task({ dependencies: ['read'], retry: { attempts: 1 } })
    async check(context: TaskContext) {
      if (left > 0) {
        left -= 1;
        held.add(context.executionId);
        await new Promise((stop) => context.signal.addEventListener('abort', stop));
        context.signal.throwIfAborted();
      }
      return by(1, context);
    }

    @Task({ dependencies: ['check'] })
    store(context: TaskContext) {
      return by(1, context);
    }
  }
  return Import;
}

/** The same shape: other bodies, and retries for what had none. */
function otherBodies(): Type {
  @Workflow({ name: 'import' })
  class Import {
    @Task()
    read(context: TaskContext) {
      return by(2, context);
    }

    @Task({ dependencies: ['read'], retry: { attempts: 2, delay: '1ms' } })
    check(context: TaskContext) {
      if (context.attempt === 1) throw new Error('the second time');
      return by(2, context);
    }

    @Task({ dependencies: ['check'] })
    store(context: TaskContext) {
      return by(2, context);
    }
  }
  return Import;
}

/** One more task at the end. */
function taskAdded(): Type {
  @Workflow({ name: 'import' })
  class Import {
    @Task()
    read(context: TaskContext) {
      return by(2, context);
    }

    @Task({ dependencies: ['read'] })
    check(context: TaskContext) {
      return by(2, context);
    }

    @Task({ dependencies: ['check'] })
    store(context: TaskContext) {
      return by(2, context);
    }

    @Task({ dependencies: ['store'] })
    report(context: TaskContext) {
      return by(2, context);
    }
  }
  return Import;
}

/** What the ledger has of one execution. */
interface Kept {
  readonly id: string;
  readonly state: string;
  readonly tasks: readonly {
    readonly task: string;
    readonly state: string;
    readonly by: number;
    readonly attempt: number;
  }[];
}

async function ledger(database: TestDatabase): Promise<Kept[]> {
  const rows = await database.query(
    `SELECT e.id, e.state, t.task, t.state AS task_state, t.output, t.attempt
     FROM triggers_execution e JOIN triggers_task t ON t.execution_id = e.id ORDER BY e.id, t.ordinal`,
  );
  const kept = new Map<string, Kept>();
  for (const row of rows) {
    const id = String(row['id']);
    const { tasks } = kept.get(id) ?? { tasks: [] };
    const by = (JSON.parse(String(row['output'])) as Record<string, number> | null)?.[String(row['task'])] ?? 0;
    const task = { task: String(row['task']), state: String(row['task_state']), by, attempt: Number(row['attempt']) };
    kept.set(id, { id, state: String(row['state']), tasks: [...tasks, task] });
  }
  return [...kept.values()];
}

/** Whoever starts executions, at any of the living nodes, as long as few are open. */
class Clients {
  started = 0;
  #stopped = false;
  #starting: Promise<unknown> = Promise.resolve();
  #working: Promise<void> = Promise.resolve();

  constructor(
    readonly nodes: TestApp[],
    private readonly database: TestDatabase,
  ) {}

  begin(): void {
    this.#working = this.#work();
  }

  /** Many begin and end from now on. */
  async pass(): Promise<void> {
    const [started, before] = [this.started, await this.ended()];
    await until(
      async () => this.started >= started + BETWEEN && (await this.ended()) >= before + BETWEEN,
      'executions begin and end',
    );
  }

  /** Starts nothing at this node any more. */
  async leave(node: TestApp): Promise<void> {
    this.nodes.splice(this.nodes.indexOf(node), 1);
    await this.#starting;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#working;
  }

  async ended(): Promise<number> {
    const [row] = await this.database.query(
      `SELECT count(*) AS n FROM triggers_execution WHERE state IN ('completed', 'failed', 'cancelled')`,
    );
    return Number(row?.['n']);
  }

  async #work(): Promise<void> {
    while (!this.#stopped) {
      const mayStart = async (): Promise<boolean> => this.#stopped || this.started - (await this.ended()) < OPEN;
      await until(mayStart, 'few executions are open');
      const node = this.nodes[this.started % this.nodes.length] as TestApp;
      this.#starting = node.runner.start('import', { order: this.started });
      await this.#starting;
      this.started += 1;
    }
  }
}

function deploys(optionsOf: () => object): void {
  let database: TestDatabase;
  beforeEach(async () => {
    held = new Set();
    database = await newDatabase('postgres');
  });
  afterEach(cleanUp);

  const node = (name: string, version: Type): Promise<TestApp> =>
    boot({
      database,
      providers: [version],
      options: { ...optionsOf(), node: { name, lease: '6s' }, shutdown: { drain: '1ms' } },
    });

  /** Replaces one node of version one after the other, each before the old one stops. */
  async function roll(next: () => Type): Promise<Kept[]> {
    const nodes: TestApp[] = [];
    for (const name of NODES) nodes.push(await node(name, versionOne()));
    const clients = new Clients([...nodes], database);
    clients.begin();
    try {
      await until(() => held.size === HELD * NODES.length, 'each node has begun what it will not end');
      for (const old of nodes) {
        clients.nodes.push(await node('new', next()));
        await clients.pass();
        await clients.leave(old);
        await old.close();
        await clients.pass();
      }
    } finally {
      await clients.stop();
    }
    await until(async () => (await clients.ended()) === clients.started, 'every execution has ended');
    expect(await (clients.nodes[0] as TestApp).kit.check()).toEqual([]);
    const kept = await ledger(database);
    expect(kept).toHaveLength(clients.started);
    return kept;
  }
  const tasksOf = ({ tasks }: Kept): string => tasks.map(({ task }) => task).join();
  const versionsOf = ({ tasks }: Kept): number[] => tasks.map(({ by }) => by);
  const expectAllCompleted = (kept: readonly Kept[]): void => {
    expect(new Set(kept.map(({ state }) => state))).toEqual(new Set(['completed']));
    expect(new Set(kept.flatMap(({ tasks }) => tasks.map(({ state }) => state)))).toEqual(new Set(['completed']));
  };

  it('goes on with everything in flight where bodies and retries have changed, by the options of whoever runs it', async () => {
    const kept = await roll(otherBodies);
    expectAllCompleted(kept);
    expect(new Set(kept.map(tasksOf))).toEqual(new Set(['read,check,store']));
    // What a version 1 without retries had begun, version 2 tries twice; the second time may be a version 1 that is still there.
    for (const { tasks } of kept.filter(({ id }) => held.has(id))) {
      expect([1, 2]).toContain(tasks[1]?.by);
      expect(tasks[1]?.attempt).toBeGreaterThanOrEqual(tasks[1]?.by as number);
    }
    expect(kept.some((one) => held.has(one.id) && versionsOf(one).join() === '1,2,2')).toBe(true);
    expect(kept.some((one) => versionsOf(one).join() === '2,2,2')).toBe(true);
  }, 120_000);

  it('ends what began without a new task without it, at new nodes too, and runs it in what began with it', async () => {
    const kept = await roll(taskAdded);
    expectAllCompleted(kept);
    expect(new Set(kept.map(tasksOf))).toEqual(new Set(['read,check,store', 'read,check,store,report']));
    expect(kept.flatMap(({ tasks }) => tasks.map(({ attempt }) => attempt)).every((attempt) => attempt === 1)).toBe(
      true,
    );
    const crossed = kept.filter((one) => tasksOf(one) === 'read,check,store' && versionsOf(one).join() === '1,2,2');
    expect(crossed.filter(({ id }) => held.has(id))).not.toEqual([]);
    // A task of the shape that only new nodes know never ran at an old one.
    const newest = kept.filter((one) => tasksOf(one).endsWith('report') && !versionsOf(one).every((by) => by === 2));
    expect(newest).toEqual([]);
    expect(logged.filter((line) => line.includes('changed compatibly'))).not.toEqual([]);
  }, 120_000);
}

describe('a deploy that is rolled out under load, node after node', () => {
  deploys(() => ({}));
});

describeWithRedis('a deploy that is rolled out under load, node after node, over BullMQ', () => {
  const redis = useRedis();
  deploys(() => ({ transport: bullMq({ connection: { port: redis().port }, prefix: 'rolling' }) }));
});
