import { Injectable } from '@nestjs/common';
import { Task, Trigger, TriggerResult, Workflow } from 'nestjs-triggers';
import type { NodeRole } from 'nestjs-triggers';
import { TriggersModule } from 'nestjs-triggers';
import { TOKEN, boot, cleanUp } from '../support/app.js';
import type { TestApp } from '../support/app.js';
import { newDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { until } from '../support/until.js';

@Workflow({ name: 'film' })
class Film {
  @Task()
  cut(): void {}

  @Task({ dependencies: ['cut'], pool: 'gpu' })
  render(): void {}
}

@Injectable()
class Inbox {
  @Trigger({ workflow: Film, pollInterval: '100ms' })
  inbox() {
    return TriggerResult.skip('nothing');
  }
}

/** A process of the application with these roles and pools. */
function start(name: string, database: TestDatabase, roles: readonly NodeRole[], ...pools: string[]): Promise<TestApp> {
  return boot({
    database,
    providers: [Film, Inbox],
    module: () =>
      TriggersModule.forRoot({
        database: database.options,
        node: { name },
        roles,
        worker: pools.length === 0 ? {} : { pools, concurrency: 2 },
        admin: { token: TOKEN },
      }),
  });
}

describe('an application that is shared out over processes', () => {
  afterEach(cleanUp);

  it('shows who does what, and what waits for somebody who is not there', async () => {
    const database = await newDatabase('postgres');
    const front = await start('front', database, ['api']);
    await start('clock', database, ['scheduler']);
    await start('cpu', database, ['worker'], 'default');
    await front.runner.start(Film, {});
    const waiting = await until(async () => {
      const answer = await front.get('/nodes');
      const { ownedTriggers } = answer.items.find(({ name }: { name: string }) => name === 'clock');
      const isIdle = answer.items.every(({ runningTasks }: { runningTasks: number }) => runningTasks === 0);
      return answer.unservedPools.length === 1 && ownedTriggers === 1 && isIdle && answer;
    }, 'the task waits in its pool, and the trigger has its owner');
    expect(waiting).toMatchObject({
      items: [
        { name: 'clock', roles: ['scheduler'], pools: [], concurrency: 0, alive: true, ownedTriggers: 1 },
        { name: 'cpu', roles: ['worker'], pools: ['default'], concurrency: 2, pid: process.pid, runningTasks: 0 },
        {
          name: 'front',
          roles: ['api'],
          pools: [],
          ownedTriggers: 0,
          version: expect.stringMatching(/^\d+\.\d+\.\d+/),
        },
      ],
      unservedPools: [{ pool: 'gpu', ready: 1 }],
    });

    const gpu = await start('gpu', database, ['worker'], 'gpu');
    const [execution] = await front.ended(1);
    expect(await front.get(`/executions/${execution?.id}`)).toMatchObject({
      state: 'completed',
      tasks: [
        { task: 'cut', pool: 'default', node: 'cpu' },
        { task: 'render', pool: 'gpu', node: 'gpu' },
      ],
    });
    expect((await front.get('/nodes')).unservedPools).toEqual([]);
    expect((await gpu.triggers.nodes()).items.map(({ name }) => name)).toEqual(['clock', 'cpu', 'front', 'gpu']);
  });

  it('mounts the admin API where the role says so, and answers a poll that it cannot make', async () => {
    const database = await newDatabase('postgres');
    const front = await start('front', database, ['api']);
    const worker = await start('worker', database, ['worker']);
    expect((await worker.call('GET', '/nodes')).status).toBe(404);
    expect(await front.call('POST', '/inbox/poll')).toMatchObject({
      status: 409,
      body: { code: 'TRG_API_CONFLICT', message: expect.stringContaining('no role "scheduler"') },
    });
  });

  it.each<[string, object, RegExp]>([
    ['an empty list of roles', { roles: [] }, /Option "roles" is \[\]/],
    ['a role that is none', { roles: ['boss'] }, /Option "roles" has "boss"; it takes "api", "scheduler", "worker"/],
    ['a pool that no task declares', { worker: { pools: ['gqu'] } }, /has "gqu", .* Known: "default", "gpu"/],
  ])('does not start with %s', async (_what, options, message) => {
    const database = await newDatabase('postgres');
    const module = () => TriggersModule.forRoot({ database: database.options, admin: false, ...options });
    await expect(boot({ database, providers: [Film], module })).rejects.toMatchObject({
      code: 'TRG_DEF_INVALID',
      message: expect.stringMatching(message),
    });
  });
});
