import { randomBytes } from 'node:crypto';
import type { Type } from '@nestjs/common';
import { Queue } from 'bullmq';
import { NonRetryableError, Task, Workflow } from 'nestjs-triggers';
import type { TaskContext, TriggersOptions } from 'nestjs-triggers';
import { bullMq } from 'nestjs-triggers/bullmq';
import type { ExecutionDetail } from '../../libs/triggers/src/history/history.types.js';
import { IntakeService } from '../../libs/triggers/src/intake/intake.service.js';
import { WorkflowRegistry } from '../../libs/triggers/src/workflows/workflow.registry.js';
import { boot, cleanUp, logged } from '../support/app.js';
import type { TestApp } from '../support/app.js';
import { newDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { gate } from '../support/gate.js';
import { describeWithRedis, useRedis } from '../support/redis.js';
import { until } from '../support/until.js';

/** What a task waits between two attempts. */
const DELAY_MS = 300;

interface Input {
  readonly n: number;
}

/** Which node ran what, in order. */
let ran: { readonly node: string; readonly n: number; readonly attempt: number }[];
/** What a body waits for. */
let body: (n: number, attempt: number, signal: AbortSignal) => Promise<void> | void;

/** The same workflow on every node; each says who it is. */
function workOf(node: string): Type {
  @Workflow({ name: 'work' })
  class Work {
    @Task({ retry: { attempts: 3, delay: `${DELAY_MS}ms`, backoff: 'fixed', jitter: 'none' } })
    async run({ data, attempt, signal }: TaskContext<Input>): Promise<void> {
      ran.push({ node, n: data.n, attempt });
      await body(data.n, attempt, signal);
    }
  }
  return Work;
}

describeWithRedis('many workers over BullMQ', () => {
  const redis = useRedis();
  let prefix: string;
  let database: TestDatabase;
  let queue: Queue;

  beforeEach(async () => {
    ran = [];
    body = () => undefined;
    prefix = `t${randomBytes(4).toString('hex')}`;
    database = await newDatabase('postgres');
    queue = new Queue(`${prefix}-default`, { connection: { port: redis().port } });
    queue.on('error', () => undefined);
  });
  afterEach(async () => {
    await cleanUp();
    await queue.close();
  });

  const node = (name: string, concurrency: number, options: Partial<TriggersOptions> = {}): Promise<TestApp> =>
    boot({
      database,
      providers: [workOf(name)],
      options: {
        transport: bullMq({ connection: { port: redis().port }, prefix }),
        node: { name },
        worker: { concurrency },
        ...options,
      },
    });
  const start = (app: TestApp, n: number): Promise<string> => app.runner.start('work', { n });
  const startMany = (app: TestApp, count: number): Promise<string[]> =>
    Promise.all(Array.from({ length: count }, (_, n) => start(app, n)));
  const numbers = (): number[] => ran.map(({ n }) => n).sort((a, b) => a - b);
  const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
  const messages = async (): Promise<number> => queue.getJobCountByTypes('wait', 'prioritized', 'delayed');
  const whispers = (word: string): string[] => logged.filter((line) => line.includes(word));

  it('spreads a wide fan-out over the nodes, each task once, and leaves nothing in Redis', async () => {
    const one = await node('one', 5);
    await node('two', 5);
    const enough = gate();
    body = () => enough.opened;
    const starting = startMany(one, 300);
    await until(() => ran.length === 10, 'both nodes are full');
    enough.open();
    await starting;
    await one.ended(300);
    expect(numbers()).toEqual(upTo(300));
    expect(new Set(ran.map((run) => run.node))).toEqual(new Set(['one', 'two']));
    await until(async () => (await queue.getJobCountByTypes()) === 0, 'no message is left');
  });

  it('takes no message that it has no slot for, and leaves it to who has one', async () => {
    const busy = gate();
    body = (n) => (n === 0 ? busy.opened : undefined);
    const one = await node('one', 1);
    await start(one, 0);
    await until(() => ran.length === 1, 'the only slot is taken');
    await Promise.all([1, 2, 3].map((n) => start(one, n)));
    await until(async () => (await messages()) === 3, 'the messages wait');
    const two = await node('two', 2);
    await until(() => ran.length === 4, 'the other node runs them');
    expect(ran.slice(1).map((run) => run.node)).toEqual(['two', 'two', 'two']);
    busy.open();
    await two.ended(4);
  });

  it('runs what has the highest priority first', async () => {
    const busy = gate();
    body = (n) => (n === 0 ? busy.opened : undefined);
    const one = await node('one', 1);
    await start(one, 0);
    const workflow = one.kit.get(WorkflowRegistry).require('work');
    for (const [n, priority] of [
      [1, -5],
      [2, 0],
      [3, 7],
    ] as const)
      // prettier-ignore
      await one.kit.get(IntakeService).start({ workflow, context: { n }, priority });
    await until(async () => (await messages()) === 3, 'the messages wait');
    busy.open();
    await one.ended(4);
    expect(ran.map(({ n }) => n)).toEqual([0, 3, 2, 1]);
  });

  it('runs a task whose message was lost', async () => {
    const busy = gate();
    body = (n) => (n === 0 ? busy.opened : undefined);
    const one = await node('one', 1);
    await startMany(one, 4);
    await until(async () => (await messages()) === 3, 'the messages wait');
    await queue.obliterate({ force: true });
    busy.open();
    await one.ended(4);
    expect(numbers()).toEqual(upTo(4));
  });

  it('runs a task once whose messages are doubled or late, and drops what is no message', async () => {
    const one = await node('one', 2);
    const late = await start(one, 0);
    await one.ended(1);
    const busy = gate();
    body = () => busy.opened;
    const waiting = await Promise.all([1, 2, 3, 4].map((n) => start(one, n)));
    const told = (executionId: unknown, task: unknown): { name: string; data: object } => ({
      name: 'any',
      data: { executionId, task },
    });
    await queue.addBulk([
      ...[late, ...waiting, ...waiting, ...waiting].map((id) => told(id, 'run')),
      ...[told('no id', 'run'), told(late, 'no\u0000task'), told(late, { a: 1 }), told(null, 'run')],
      { name: 'any', data: null },
      { name: 'any', data: 'text' },
    ]);
    busy.open();
    await one.ended(5);
    await until(async () => (await queue.getJobCountByTypes()) === 0, 'no message is left');
    expect(numbers()).toEqual(upTo(5));
  });

  it('retries after the delay of the task, and not a third time when told so', async () => {
    const one = await node('one', 2);
    body = (_, attempt) => {
      if (attempt === 1) throw new Error('once');
      throw new NonRetryableError('never');
    };
    const began = Date.now();
    await start(one, 0);
    const [execution] = await one.ended(1);
    expect(execution?.state).toBe('failed');
    expect(ran.map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(Date.now() - began).toBeGreaterThanOrEqual(DELAY_MS);
  });

  it('runs an attempt after the delay of the one before, the third as the first, at whichever node', async () => {
    const nodes = [await node('one', 2), await node('two', 2)] as const;
    body = (n, attempt) => {
      if (attempt < 3) throw new Error(`${n}, attempt ${attempt}`);
    };
    await Promise.all(Array.from({ length: 20 }, (_, n) => start(nodes[n % 2] as TestApp, n)));
    const executions = await nodes[0].ended(20);
    expect(executions.map(({ state }) => state)).toEqual(executions.map(() => 'completed'));
    const begun = upTo(20).map((n) => ran.filter((run) => run.n === n).map(({ attempt }) => attempt));
    expect(begun).toEqual(upTo(20).map(() => [1, 2, 3]));
    for (const { id } of executions) {
      const [task] = ((await nodes[1].get(`/executions/${id}`)) as ExecutionDetail).tasks;
      const attempts = task?.attempts ?? [];
      expect(attempts.map(({ error }) => error?.message ?? null)).toEqual([
        expect.stringContaining('attempt 1'),
        expect.stringContaining('attempt 2'),
        null,
      ]);
      attempts.slice(1).forEach(({ startedAt }, at) => {
        const waited = Date.parse(startedAt) - Date.parse(String(attempts[at]?.finishedAt));
        expect(waited).toBeGreaterThanOrEqual(DELAY_MS);
      });
    }
  });

  it('runs each task once, and each attempt, when Redis forgets everything while tasks wait', async () => {
    const busy = gate();
    const nodes = [await node('one', 1), await node('two', 1)] as const;
    body = (n, attempt) => {
      if (n < 2 && attempt === 1) throw new Error('again, after the delay');
      return n >= 2 && n < 4 ? busy.opened : undefined;
    };
    await Promise.all([start(nodes[0], 0), start(nodes[1], 1)]);
    await until(() => ran.length === 2, 'two attempts have failed');
    for (let n = 2; n < 12; n += 1) await start(nodes[n % 2] as TestApp, n);
    await until(() => ran.filter(({ n }) => n === 2 || n === 3).length === 2, 'both nodes are full');
    await until(async () => (await messages()) > 0, 'the messages wait');
    const { Redis } = await import('ioredis');
    const outside = new Redis({ port: redis().port });
    await outside.flushall();
    outside.disconnect();
    busy.open();
    await nodes[0].ended(12);
    expect(ran.map(({ n, attempt }) => `${n}.${attempt}`).sort()).toEqual(
      [...upTo(12).map((n) => `${n}.1`), '0.2', '1.2'].sort(),
    );
    // The queues work again: what is told from now on is heard.
    await startMany(nodes[1], 5);
    await nodes[1].ended(17);
    await until(async () => (await queue.getJobCountByTypes()) === 0, 'no message is left');
  });

  it('tells a body at one node that its execution was cancelled at another', async () => {
    const one = await node('one', 1);
    let ended: unknown;
    body = async (_n, _attempt, signal) => {
      await new Promise((aborted) => signal.addEventListener('abort', aborted));
      ended = (signal.reason as { code?: string }).code;
      signal.throwIfAborted();
    };
    const id = await start(one, 0);
    await until(() => ran.length === 1, 'the body has begun');
    const two = await node('two', 1);
    expect((await two.call('POST', `/executions/${id}/cancel`)).status).toBe(200);
    await two.ended(1);
    expect((await two.get(`/executions/${id}`)).state).toBe('cancelled');
    expect([ended, ran.length]).toEqual(['TRG_API_CONFLICT', 1]);
  });

  it('holds at every node what was paused at one, and runs it once when it is resumed at another', async () => {
    const busy = gate();
    body = (n) => (n < 2 ? busy.opened : undefined);
    const [one, two] = [await node('one', 1), await node('two', 1)];
    await start(one, 0);
    await start(two, 1);
    await until(() => ran.length === 2, 'both nodes are full');
    const paused = await Promise.all([2, 3, 4, 5].map((n) => start(one, n)));
    for (const id of paused) await one.call('POST', `/executions/${id}/pause`);
    busy.open();
    await until(async () => (await queue.getJobCountByTypes()) === 0, 'the messages were heard');
    expect(numbers()).toEqual([0, 1]);
    for (const id of paused) await two.call('POST', `/executions/${id}/resume`);
    await two.ended(6);
    expect(numbers()).toEqual(upTo(6));
  });

  it('does not run what is paused or cancelled, although it was told, and runs what goes on', async () => {
    const busy = gate();
    body = (n) => (n === 0 ? busy.opened : undefined);
    const one = await node('one', 1);
    const [, paused, cancelled] = await startMany(one, 3);
    await until(async () => (await messages()) === 2, 'the messages wait');
    await one.call('POST', `/executions/${paused}/pause`);
    await one.call('POST', `/executions/${cancelled}/cancel`);
    busy.open();
    await until(async () => (await queue.getJobCountByTypes()) === 0, 'the messages were heard');
    expect(numbers()).toEqual([0]);
    await one.call('POST', `/executions/${paused}/resume`);
    await one.ended(3);
    expect(numbers()).toEqual([0, 1]);
  });

  it('goes on at other nodes at once with what a node gives back that stops', async () => {
    const stuck = gate();
    const one = await node('one', 4, { shutdown: { drain: '1ms' } });
    body = () => stuck.opened;
    await startMany(one, 3);
    await until(() => ran.length === 3, 'they run');
    const two = await node('two', 4);
    const closing = one.close();
    await until(() => ran.length === 6, 'the other node runs them');
    stuck.open();
    await closing;
    await two.ended(3);
    expect(ran.slice(3).map((run) => run.node)).toEqual(['two', 'two', 'two']);
  });

  describe.each([{ empty: false }, { empty: true }])('when Redis dies and comes back, empty: $empty', ({ empty }) => {
    afterEach(() => redis().kill().then(() => redis().revive({ empty: true }))); // prettier-ignore

    it('runs each task once, and says once that it was away and once that it is back', async () => {
      const one = await node('one', 3);
      await node('two', 3);
      const first = gate();
      body = () => first.opened;
      await startMany(one, 150);
      await until(() => ran.length === 6, 'both nodes are full');
      await redis().kill();
      first.open();
      await until(() => ran.length > 60, 'they go on without Redis');
      await redis().revive({ empty });
      for (let n = 150; n < 200; n += 1) await start(one, n);
      await one.ended(200);
      expect(numbers()).toEqual(upTo(200));
      await until(() => whispers('Redis is back').length === 2, 'both say that it is back');
      expect(whispers('Redis is away')).toHaveLength(2);
    });
  });

  it('runs tasks while Redis hangs, and closes', async () => {
    const one = await node('one', 2);
    await startMany(one, 2);
    await one.ended(2);
    const busy = gate();
    body = (n) => (n < 2 ? busy.opened : undefined);
    redis().suspend();
    try {
      await startMany(one, 6);
      busy.open();
      await one.ended(8);
      expect(ran).toHaveLength(8);
      await one.close();
    } finally {
      redis().goOn();
    }
  });

  it('starts without Redis, runs everything, says so once without its password, and closes', async () => {
    const one = await node('one', 2, {
      transport: bullMq({ connection: 'redis://me:s3cret@127.0.0.1:1', prefix }),
    });
    await startMany(one, 20);
    await one.ended(20);
    expect(numbers()).toEqual(upTo(20));
    await one.close();
    expect(whispers('Redis is away')).toHaveLength(1);
    expect(whispers('s3cret')).toEqual([]);
  });

  it('can be stopped and started again', async () => {
    const one = await node('one', 1);
    await one.triggers.stop();
    await start(one, 0);
    await one.triggers.start();
    await startMany(one, 5);
    await one.ended(6);
    expect(ran).toHaveLength(6);
  });

  it('uses a copy of a connection that it is given, and leaves that one alone', async () => {
    const { Redis } = await import('ioredis');
    const own = new Redis({ port: redis().port, lazyConnect: true });
    const one = await node('one', 1, { transport: bullMq({ connection: own, prefix }) });
    await startMany(one, 5);
    await one.ended(5);
    await one.close();
    expect(own.status).toBe('wait');
    expect(await own.ping()).toBe('PONG');
    own.disconnect();
  });
});
