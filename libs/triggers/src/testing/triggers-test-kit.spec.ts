import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { DIALECTS, newDatabase, postgresUrl, removeDatabases } from '../../../../test/support/database.js';
import { Proxy } from '../../../../test/support/proxy.js';
import { WorkflowRunner } from '../admin/workflow-runner.service.js';
import { gate } from '../engine/engine.contract.js';
import { bullMq } from '../engine/transport/bullmq/bullmq.js';
import type { ExecutionId } from '../model/ids.js';
import { TriggerResult } from '../model/trigger-result.js';
import type { Poll } from '../sources/poll/poll.js';
import { Trigger } from '../sources/poll/trigger.decorator.js';
import type { DatabaseOptions } from '../store/database.options.js';
import { Store } from '../store/store.service.js';
import { TriggersModule } from '../triggers.module.js';
import { Task } from '../workflows/task.decorator.js';
import type { TaskContext } from '../workflows/task-context.js';
import { Workflow } from '../workflows/workflow.decorator.js';
import type { TestModule } from './test-application.js';
import { TriggersTestKit } from './triggers-test-kit.js';

let poll: (poll: Poll) => TriggerResult | Promise<TriggerResult>;
let body: (context: TaskContext) => unknown;
let callback: () => unknown;

@Injectable()
class Mailer {
  send(): string {
    return 'sent';
  }
}

@Workflow({ name: 'greeting' })
class Greeting {
  constructor(private readonly mailer: Mailer) {}

  @Task({ retry: { attempts: 2, delay: '1m', jitter: 'none' }, onSuccess: () => callback(), onRetry: () => callback() })
  greet(context: TaskContext) {
    return body(context) as object;
  }

  @Task({ dependencies: ['greet'] })
  send() {
    return { mail: this.mailer.send() };
  }
}

@Injectable()
class Guests {
  @Trigger({ workflow: Greeting, pollInterval: '1h', dedup: { for: 'ever' } })
  guests(given: Poll) {
    return poll(given);
  }

  @Trigger({ workflow: Greeting, enabled: false })
  off() {
    return TriggerResult.skip();
  }
}

const providers = [Greeting, Guests, Mailer];
const failOnce = ({ attempt }: TaskContext): object => {
  if (attempt === 1) throw new Error('no voice');
  return { text: 'Hello' };
};

describe.each(DIALECTS)('the test kit on %s', (dialect) => {
  const kits: TriggersTestKit[] = [];
  const create = async (module: TestModule = {}): Promise<TriggersTestKit> => {
    const database = dialect === 'sqlite' ? undefined : (await newDatabase(dialect)).options;
    const kit = await TriggersTestKit.create({ providers, ...(database && { database }), ...module });
    kits.push(kit);
    return kit;
  };

  beforeEach(() => {
    poll = () => TriggerResult.fire({ name: 'Ada' });
    body = () => ({ text: 'Hello' });
    callback = () => undefined;
  });
  afterEach(async () => {
    for (const kit of kits.splice(0)) await kit.close();
    await removeDatabases();
  });

  it('polls now and tells what came of it, whatever the interval', async () => {
    const kit = await create();
    const fired = await kit.poll('guests');
    expect(fired).toMatchObject({ status: 'fired', outcomes: [{ status: 'accepted' }], reason: null, error: null });
    expect(await kit.poll('guests')).toMatchObject({ status: 'duplicate', executionIds: fired.executionIds });
    poll = () => TriggerResult.skip('nobody');
    expect(await kit.poll('guests')).toMatchObject({ status: 'skipped', reason: 'nobody', executionIds: [] });
    poll = () => Promise.reject(new Error('door is shut'));
    expect(await kit.poll('guests')).toMatchObject({ status: 'failed', error: 'door is shut' });
    poll = () => TriggerResult.fire({ name: 'Grace' });
    expect(await kit.poll('guests')).toMatchObject({ status: 'fired' });
  });

  it('needs no Redis for an application that is told by BullMQ in production', async () => {
    const transport = bullMq({ connection: 'redis://127.0.0.1:1' });
    const told = await TriggersTestKit.create({ providers: [Greeting, Mailer], options: { transport } });
    body = () => ({ text: 'hello' });
    const id = await told.runner.start(Greeting as never, {} as never);
    expect(await told.result(id)).toMatchObject({ state: 'completed' });
    await told.close();
  });

  it('polls with what an operator has just changed', async () => {
    const kit = await create();
    poll = ({ cursor }) => TriggerResult.skip(String(cursor));
    await kit.triggers.setCursor('guests', 'Ada');
    expect(await kit.poll('guests')).toMatchObject({ status: 'skipped', reason: 'Ada' });
    await kit.triggers.setEnabled('guests', false);
    await expect(kit.poll('guests')).rejects.toThrow('"guests" is disabled');
  });

  it('polls nothing by itself, before time passes', async () => {
    const kit = await create();
    expect(kit.events.of('firing.accepted')).toEqual([]);
    await kit.clock.advance(60_000);
    expect(kit.events.of('firing.accepted')).toMatchObject([{ trigger: 'guests' }]);
  });

  it('drains until every task has ended and every callback has settled', async () => {
    const kit = await create();
    const told = gate();
    callback = () => told.opened;
    await kit.poll('guests');
    await kit.runner.start(Greeting, {});
    await kit.events.next('execution.completed');
    let isDrained = false;
    const draining = kit.drain().finally(() => (isDrained = true));
    await kit.clock.settle();
    expect(isDrained).toBe(false);
    told.open();
    expect(await draining).toEqual({ completed: 2, failed: 0, cancelled: 0, later: 0 });
    expect(await kit.drain()).toEqual({ completed: 0, failed: 0, cancelled: 0, later: 0 });
  });

  it('drains through retries that are due later, and not further', async () => {
    const kit = await create();
    poll = () => TriggerResult.skip();
    body = failOnce;
    await kit.runner.start(Greeting, {});
    const begin = kit.clock.now();
    expect(await kit.drain()).toMatchObject({ completed: 0, later: 1 });
    expect(await kit.drain({ through: '59s' })).toMatchObject({ completed: 0, later: 1 });
    expect(kit.clock.now()).toBe(begin);
    expect(await kit.drain({ through: '1h' })).toMatchObject({ completed: 1, later: 0 });
    expect(kit.clock.now()).toBe(begin + 60_000);
  });

  it('counts failures of executions', async () => {
    const kit = await create();
    poll = () => TriggerResult.skip();
    body = () => {
      throw new Error('no voice');
    };
    await kit.runner.start(Greeting, {});
    expect(await kit.drain({ through: '1h' })).toEqual({ completed: 0, failed: 1, cancelled: 0, later: 0 });
  });

  it('writes duplicates that were counted in memory', async () => {
    const kit = await create();
    const { outcomes } = await kit.poll('guests');
    await kit.triggers.fire('guests', { name: 'Ada' });
    await kit.drain();
    const store = kit.get(Store);
    const firing = await store.reader.findOneBy(store.entities.firing, { id: outcomes[0]!.firingId });
    expect(firing?.duplicates).toBe(1);
  });

  it('names what does not end: task, execution, since when', async () => {
    const kit = await create();
    const never = gate();
    body = () => never.opened;
    const { executionIds } = await kit.poll('guests');
    const stands = `task "greet" of execution ${executionIds[0]} (greeting) runs since 2026-01-01T00:00:00.000Z, attempt 1`;
    await expect(kit.drain({ limit: '20ms' })).rejects.toMatchObject({
      code: 'TRG_TEST_LIMIT',
      message: `Waited 20ms in vain. Still on its way:\n  ${stands}`,
    });
    await expect(kit.result(executionIds[0], { limit: '20ms' })).rejects.toThrow(stands);
  });

  it('names a poll that does not return', async () => {
    const kit = await create();
    const late = gate<TriggerResult>();
    poll = () => late.opened;
    const stands = 'trigger "guests" is polling since 2026-01-01T00:00:00.000Z';
    await expect(kit.poll('guests', { limit: '20ms' })).rejects.toThrow(stands);
    await expect(kit.drain({ limit: '20ms' })).rejects.toThrow(stands);
    late.open(TriggerResult.skip());
    await kit.drain();
  });

  it('names a callback that does not settle', async () => {
    const kit = await create();
    callback = () => new Promise(() => undefined);
    const id = await kit.runner.start(Greeting, {});
    const stands = `a callback of task "greet" in execution ${id} has not settled`;
    await expect(kit.drain({ limit: '50ms' })).rejects.toThrow(stands);
    await kit.clock.advance(10_000);
    expect(await kit.drain()).toMatchObject({ completed: 1 });
  });

  it('says that the engine stands still', async () => {
    const kit = await create({ options: { autostart: false } });
    await kit.runner.start(Greeting, {});
    await expect(kit.drain({ limit: '20ms' })).rejects.toThrow(
      /is ready since .* and nobody claims it; this process does not run the engine, TriggersService\.start\(\) does/,
    );
    await expect(kit.poll('guests')).rejects.toThrow('this process does not run the engine');
    await kit.triggers.start();
    expect(await kit.drain()).toMatchObject({ completed: 1 });
  });

  it('says what is due later when a result is waited for in vain', async () => {
    const kit = await create();
    body = failOnce;
    const id = await kit.runner.start(Greeting, {});
    await kit.drain();
    await expect(kit.result(id, { limit: '1ms' })).rejects.toThrow('1 tasks are due later, the first in 60000ms');
  });

  it('gives the whole of an execution once it has ended', async () => {
    const kit = await create();
    const { executionIds } = await kit.poll('guests');
    expect(await kit.result(executionIds[0])).toMatchObject({
      state: 'completed',
      input: { name: 'Ada' },
      result: { text: 'Hello', mail: 'sent' },
      tasks: [{ task: 'greet', callbacks: [{ state: 'completed' }] }, { task: 'send' }],
    });
    await expect(kit.result('nowhere')).rejects.toMatchObject({ code: 'TRG_API_EXECUTION_NOT_FOUND' });
    await expect(kit.result(undefined)).rejects.toMatchObject({ code: 'TRG_API_EXECUTION_NOT_FOUND' });
  });

  it('lists executions in the order in which they began', async () => {
    const kit = await create();
    const ids: ExecutionId[] = [];
    for (const n of [1, 2, 3]) ids.push(await kit.runner.start(Greeting, { n }));
    expect((await kit.executions()).map(({ id }) => id)).toEqual(ids);
    expect(await kit.executions({ trigger: 'guests' })).toEqual([]);
  });

  it('checks the ledger', async () => {
    const kit = await create();
    await kit.poll('guests');
    await kit.drain();
    expect(await kit.check()).toEqual([]);
    const { writer } = kit.get(Store).dialect;
    await writer.query('UPDATE triggers_execution SET open_ends = 1');
    expect(await kit.check()).toEqual([expect.stringContaining('counts 1 open ends, but has 0')]);
  });

  it('refuses a trigger that is not there, and one that is disabled', async () => {
    const kit = await create();
    await expect(kit.poll('gests')).rejects.toMatchObject({
      code: 'TRG_API_TRIGGER_NOT_FOUND',
      message: expect.stringContaining('Known: "guests", "off"'),
    });
    await expect(kit.poll('off')).rejects.toMatchObject({
      code: 'TRG_API_CONFLICT',
      message: expect.stringContaining('is disabled'),
    });
  });

  it('says that the application is closed', async () => {
    const kit = await create();
    await kit.close();
    for (const asked of [() => kit.poll('guests'), () => kit.drain(), () => kit.check()])
      await expect(asked()).rejects.toMatchObject({ code: 'TRG_ENG_STOPPED' });
  });

  it('closes although a body does not return, and lets one end that does', async () => {
    const kit = await create();
    body = () => new Promise(() => undefined);
    await kit.runner.start(Greeting, {});
    await kit.events.next('task.started');
    await kit.close();
    await kit.close();
  });

  it('keeps its lease while time runs faster than the database answers', async () => {
    const kit = await create();
    await kit.clock.advance(600_000);
    expect(kit.events.of('node.leaseLost', 'store.away')).toEqual([]);
  });
});

describe('the test kit', () => {
  @Module({
    imports: [TriggersModule.forRoot({ database: { type: 'sqlite', path: '/nowhere/triggers.db' }, admin: false })],
    providers,
  })
  class AppModule {}

  beforeEach(() => {
    body = () => ({ text: 'Hello' });
    callback = () => undefined;
  });

  it('starts a whole application on a database in memory, with overrides as ever', async () => {
    const builder = Test.createTestingModule({ imports: [AppModule] })
      .overrideProvider(Mailer)
      .useValue({ send: () => 'not sent' });
    const kit = await TriggersTestKit.from(builder);
    expect(await kit.runner.execute(Greeting, {})).toMatchObject({ state: 'completed', context: { mail: 'not sent' } });
    await kit.close();
  });

  it('leaves an application its own database and clock', async () => {
    const builder = Test.createTestingModule({ imports: [AppModule] });
    await expect(TriggersTestKit.from(builder, { database: false })).rejects.toMatchObject({ code: 'TRG_STORE_PATH' });
    const kit = await TriggersTestKit.from(Test.createTestingModule({ imports: [AppModule] }), { clock: false });
    expect(() => kit.clock).toThrow('runs on the clock of the machine');
    await expect(kit.drain({ through: '1s' })).rejects.toMatchObject({ code: 'TRG_TEST_SETUP' });
    expect(await kit.drain()).toMatchObject({ later: 0 });
    await kit.close();
  });

  it('starts an application over HTTP', async () => {
    const builder = Test.createTestingModule({ imports: [AppModule] });
    const kit = await TriggersTestKit.from(builder, { application: (module) => module.createNestApplication() });
    await kit.app.listen(0);
    expect((await fetch(await kit.app.getUrl())).status).toBe(404);
    await kit.close();
  });

  it('tells what an application that stands already does from now on', async () => {
    const first = await TriggersTestKit.create({ providers });
    const second = TriggersTestKit.of(first.app);
    await first.get(WorkflowRunner).execute(Greeting, {});
    expect(second.events.of('execution.completed')).toHaveLength(1);
    expect(await second.drain()).toMatchObject({ completed: 1 });
    await first.close();
  });

  it('says that the database does not answer, and drains when it is back', async () => {
    const { options } = await newDatabase('postgres');
    const proxy = await Proxy.to(postgresUrl());
    const kit = await TriggersTestKit.create({
      providers,
      database: { ...options, url: proxy.url } as DatabaseOptions,
    });
    proxy.cut();
    const started = kit.runner.start(Greeting, {});
    await kit.events.next('store.away');
    await expect(kit.drain({ limit: '20ms' })).rejects.toThrow('the database does not answer; 1 commits wait for it');
    proxy.mend();
    await kit.clock.advance(1_000);
    await started;
    expect(await kit.drain()).toMatchObject({ completed: 1 });
    await kit.close();
    proxy.close();
    await removeDatabases();
  });

  it('refuses an application without TriggersModule', async () => {
    const module = await Test.createTestingModule({}).compile();
    expect(() => TriggersTestKit.of(module)).toThrow('does not import TriggersModule');
  });

  it('says what is wrong with definitions, as the application does', async () => {
    await expect(TriggersTestKit.create({ providers: [Guests] })).rejects.toMatchObject({ code: 'TRG_DEF_INVALID' });
  });
});
