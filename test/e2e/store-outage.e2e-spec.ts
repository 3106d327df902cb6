import { Injectable } from '@nestjs/common';
import { Task, Trigger, TriggerResult, Workflow } from 'nestjs-triggers';
import type { Poll, TaskContext } from 'nestjs-triggers';
import { boot, cleanUp } from '../support/app.js';
import type { TestApp } from '../support/app.js';
import { newDatabase } from '../support/database.js';
import { gate } from '../support/gate.js';
import type { Gate } from '../support/gate.js';
import { Proxy } from '../support/proxy.js';
import { until } from '../support/until.js';

const NUMBERS = 40;
let polls = 0;
let ran: unknown[] = [];
let work: Gate<void> | undefined;

@Workflow({ name: 'work' })
class Work {
  @Task()
  async run(context: TaskContext<{ n?: number }>) {
    await work?.opened;
    ran.push(context.data.n);
    return { ran: true };
  }
}

@Injectable()
class Numbers {
  @Trigger({ workflow: Work, pollInterval: '20ms', allowConcurrent: true })
  numbers(poll: Poll<number>) {
    polls += 1;
    const next = poll.cursor ?? 0;
    if (next >= NUMBERS) return TriggerResult.skip('counted');
    return TriggerResult.fire({ n: next }, { cursor: next + 1 });
  }

  @Trigger({ workflow: Work, pollInterval: '1h', enabled: false })
  byHand() {
    return TriggerResult.skip();
  }
}

describe('an application whose Postgres goes away for a while', () => {
  let app: TestApp;
  let proxy: Proxy;

  beforeEach(async () => {
    polls = 0;
    ran = [];
    work = undefined;
    const database = await newDatabase('postgres');
    proxy = await Proxy.to(database.environment['DATABASE'] as string);
    const options = { ...database.options, url: proxy.url, commitDeadline: '300ms' } as typeof database.options;
    app = await boot({
      database: { ...database, options },
      providers: [Work, Numbers],
      options: { shutdown: { drain: '1s' } },
    });
  });
  afterEach(async () => {
    await cleanUp();
    proxy.close();
  });

  const fired = async (): Promise<number> =>
    Number((await app.database.query(`SELECT count(*) AS n FROM triggers_firing WHERE trigger = 'numbers'`))[0]?.['n']);

  it('answers 503 with Retry-After meanwhile, and goes on by itself: nothing is lost, nothing is fired twice', async () => {
    await until(async () => (await fired()) >= 5, 'it counts');
    proxy.cut();
    const refused = await app.call('POST', '/byHand/fire', { context: { n: -1 } });
    expect(refused).toMatchObject({ status: 503, body: { code: 'TRG_STORE_UNAVAILABLE' } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    const during = polls;
    expect((await app.call('GET', '/executions')).status).toBe(503);
    // What was found is kept and not asked for again.
    expect(polls - during).toBeLessThanOrEqual(1);
    proxy.mend();

    await until(async () => (await fired()) === NUMBERS, 'all numbers are fired', 30_000);
    const executions = await app.ended(NUMBERS);
    const numbers = executions
      .filter(({ trigger }) => trigger === 'numbers')
      .map(({ context }) => context?.['n'] as number);
    expect(numbers.sort((a, b) => a - b)).toEqual([...Array(NUMBERS).keys()]);
    expect(await app.get('/numbers')).toMatchObject({
      state: 'active',
      consecutiveFailures: 0,
      counts: { failures: 0 },
    });
    expect((await app.call('POST', '/byHand/fire', { context: { n: -2 } })).status).toBe(202);
  }, 60_000);

  /** A task whose body ends while the database is away, so that its result waits. */
  async function endsDuringOutage(): Promise<string> {
    await until(() => ran.length === NUMBERS, 'the numbers have run');
    work = gate();
    const id = await app.runner.start('work', { n: 99 });
    await until(async () => (await app.get(`/executions/${id}`)).tasks[0].state === 'running', 'the body runs');
    proxy.cut();
    work.open();
    await until(() => ran.includes(99), 'the body has ended');
    return id;
  }

  it('writes the result of a task that ended meanwhile, without running it again', async () => {
    const id = await endsDuringOutage();
    proxy.mend();
    await until(
      async () => (await app.get(`/executions/${id}`).catch(() => undefined))?.state === 'completed',
      'it is completed',
      30_000,
    );
    expect(ran.filter((n) => n === 99)).toHaveLength(1);
  }, 60_000);

  it('can be closed within drain and grace while the result of a task waits; the task stays claimed, for a rescue', async () => {
    const id = await endsDuringOutage();
    const from = performance.now();
    await app.close();
    expect(performance.now() - from).toBeLessThan(10_000);
    const rows = await app.database.query(`SELECT state FROM triggers_task WHERE execution_id = '${id}'`);
    expect(rows).toEqual([{ state: 'running' }]);
  }, 60_000);

  it('can still be closed when nothing waits for it', async () => {
    await until(() => ran.length === NUMBERS, 'the numbers have run');
    await app.ended(NUMBERS);
    proxy.cut();
    const from = performance.now();
    await app.close();
    expect(performance.now() - from).toBeLessThan(15_000);
  }, 60_000);
});
