import { Injectable } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import { TriggersService } from '../admin/triggers.service.js';
import { TriggerResult } from '../model/trigger-result.js';
import { Trigger } from '../sources/poll/trigger.decorator.js';
import { statement } from '../store/contract/kit.contract.js';
import { Task } from '../workflows/task.decorator.js';
import { Workflow } from '../workflows/workflow.decorator.js';
import { gate, useEngineKit } from './engine.contract.js';
import type { TestNode } from './engine.contract.js';
import { Pruner } from './pruner.service.js';

let log: string[];
let block: ReturnType<typeof gate<void>>;
beforeEach(() => {
  log = [];
  block = gate();
  block.open();
});

/** A process whose code says who it is. */
function codeOf(who: string): { readonly all: Type[]; readonly Work: Type } {
  @Workflow({ name: 'work', onSuccess: 'told', onFailure: 'failed' })
  class Work {
    @Task()
    async only(): Promise<void> {
      log.push(`${who} runs`);
      await block.opened;
    }

    told(): void {
      log.push(`${who} tells`);
    }

    failed(): void {
      log.push(`${who} tells failure`);
    }
  }

  @Injectable()
  class Inbox {
    @Trigger({ workflow: Work, pollInterval: '2s', dedup: 'off' })
    inbox() {
      log.push(`${who} polls`);
      return TriggerResult.skip();
    }
  }
  return { all: [Work, Inbox], Work };
}

const states = async (node: TestNode): Promise<unknown[]> => (await node.rows('execution')).map((row) => row['state']);
const inboxOf = async (node: TestNode): Promise<unknown> =>
  (await node.store.read(statement('SELECT name, owner FROM triggers_trigger'), [[]]))[0];

describe('roles on Postgres', () => {
  const kit = useEngineKit('postgres');

  it('are shared out: who fires does not run, who runs does not poll, who polls does neither', async () => {
    const api = codeOf('api');
    const front = await kit().boot(api.all, { roles: ['api'] });
    await kit().boot(codeOf('worker').all, { roles: ['worker'] });
    const scheduler = await kit().boot(codeOf('scheduler').all, { roles: ['scheduler'] });
    await front.start(api.Work);
    await scheduler.get(TriggersService).fire('inbox', {});
    await kit().clock.advance(5_000);
    expect(new Set(log)).toEqual(new Set(['scheduler polls', 'worker runs', 'worker tells']));
    expect(await states(front)).toEqual(['completed', 'completed']);
    expect(await inboxOf(front)).toEqual({ name: 'inbox', owner: scheduler.nodeId });
  });

  it('leave tasks ready without a worker, and a worker that comes takes them', async () => {
    const api = codeOf('api');
    const front = await kit().boot(api.all, { roles: ['api', 'scheduler'] });
    await front.start(api.Work);
    await kit().clock.advance(640_000);
    expect([await states(front), log.includes('api runs')]).toEqual([['pending'], false]);
    expect(front.events.all.filter(({ name }) => name === 'pool.unserved')).toMatchObject([{ pool: 'default' }]);
    await kit().boot(codeOf('worker').all, { roles: ['worker'] });
    await kit().clock.advance(2_000);
    expect(await states(front)).toEqual(['completed']);
  });

  it('take nothing from the workers of an old version where the new one only serves and polls so far', async () => {
    block = gate();
    const old = codeOf('worker');
    const worker = await kit().boot(old.all, { roles: ['worker'], worker: { concurrency: 1 } });
    for (let count = 0; count < 3; count += 1) await worker.start(old.Work);
    await kit().clock.advance(1_000);
    const next = codeOf('next');
    @Workflow({ name: 'work' })
    class More extends next.Work {
      @Task({ dependencies: ['only'] })
      async more(): Promise<void> {}
    }
    await kit().boot([More], { roles: ['api', 'scheduler'] });
    const shapes = async (): Promise<unknown[]> => (await worker.rows('task')).map((row) => row['workflow_hash']);
    const before = await shapes();
    await kit().clock.advance(30_000);
    expect([new Set(before).size, await shapes()]).toEqual([1, before]);
    block.open();
    await kit().clock.advance(1_000);
    expect(await states(worker)).toEqual(['completed', 'completed', 'completed']);
  });

  it('declare triggers without polling them: their rows are there and stay declared', async () => {
    const front = await kit().boot(codeOf('api').all, { roles: ['api'] });
    expect(await inboxOf(front)).toEqual({ name: 'inbox', owner: null });
    await kit().clock.advance(660_000);
    expect(log).toEqual([]);
    expect(await inboxOf(front)).toEqual({ name: 'inbox', owner: null });
    const [row] = await front.store.read(statement('SELECT seen_at FROM triggers_trigger'), [[]]);
    expect(kit().clock.now() - new Date(row?.['seen_at'] as string).getTime()).toBeLessThan(600_000);
    expect(await front.get(TriggersService).get('inbox')).toMatchObject({ state: 'active', owner: null });
  });

  it('answer a poll that is asked of a process without "scheduler" with who can, and try it out all the same', async () => {
    const worker = await kit().boot(codeOf('worker').all, { roles: ['api', 'worker'] });
    await expect(worker.get(TriggersService).poll('inbox')).rejects.toMatchObject({
      code: 'TRG_API_CONFLICT',
      message: 'Trigger "inbox" is not polled by this process: it has no role "scheduler". Ask one that has.',
    });
    const trial = worker.get(TriggersService).test('inbox');
    await kit().clock.advance(10);
    expect(await trial).toMatchObject({ status: 'skipped' });
  });

  it('let a scheduler prune and no other', async () => {
    const pruned: string[] = [];
    jest.spyOn(Pruner.prototype, 'start').mockImplementation(function (this: Pruner) {
      pruned.push(kit().nodes.find((node) => node.get(Pruner) === this)?.nodeId ?? 'nobody');
    });
    await kit().boot(codeOf('api').all, { roles: ['api'] });
    await kit().boot(codeOf('worker').all, { roles: ['worker'] });
    const scheduler = await kit().boot(codeOf('scheduler').all, { roles: ['scheduler'] });
    jest.restoreAllMocks();
    expect(pruned).toEqual([scheduler.nodeId]);
  });

  it('let every process rescue, whatever its roles', async () => {
    block = gate();
    const dying = codeOf('dying');
    const dead = await kit().boot(dying.all, { roles: ['worker'] });
    const front = await kit().boot(codeOf('api').all, { roles: ['api'] });
    await dead.start(dying.Work);
    await kit().clock.settle();
    dead.crash();
    await kit().clock.advance(45_000);
    expect(front.told('task')).toEqual(['task.rescued']);
    expect(await front.rows('task')).toMatchObject([{ state: 'ready', rescues: 1 }]);
    block.open();
    await kit().boot(codeOf('worker').all, { roles: ['worker'] });
    await kit().clock.advance(2_000);
    expect(log).toEqual(['dying runs', 'worker runs', 'worker tells']);
  });

  it('leave the callback of what a process without "worker" gave up to a worker', async () => {
    block = gate();
    const dying = codeOf('dying');
    const front = await kit().boot(codeOf('api').all, { roles: ['api'] });
    for (let life = 0; life < 5; life += 1) {
      const node = await kit().boot(dying.all, { roles: ['worker'] });
      if (life === 0) await node.start(dying.Work);
      await kit().clock.advance(2_000);
      node.crash();
      await kit().clock.advance(45_000);
    }
    expect(await front.rows('execution')).toMatchObject([{ state: 'failed', callback_state: 'pending' }]);
    expect(log).toEqual(Array(5).fill('dying runs'));
    await kit().boot(codeOf('worker').all, { roles: ['worker'] });
    await kit().clock.advance(12_000);
    expect(log.at(-1)).toBe('worker tells failure');
    expect(await front.rows('execution')).toMatchObject([{ callback_state: 'completed' }]);
  });

  it('leave the callbacks of a dead worker to workers that declare the workflow', async () => {
    block = gate();
    const dying = codeOf('dying');
    const dead = await kit().boot(dying.all, { roles: ['worker'] });
    await kit().boot(codeOf('api').all, { roles: ['api'] });
    await kit().boot([], { roles: ['worker'] });
    await dead.start(dying.Work);
    await kit().clock.settle();
    // It dies between its last commit and the call.
    await dead.store.dialect.writer.query(
      `UPDATE triggers_execution SET callback = 'onSuccess', callback_state = 'pending', callback_owner = 'somebody dead'`,
    );
    dead.crash();
    await kit().clock.advance(12_000);
    const worker = await kit().boot(codeOf('worker').all, { roles: ['worker'] });
    await kit().clock.advance(12_000);
    expect(log).toContain('worker tells');
    block.open();
    await kit().clock.advance(45_000);
    expect(await states(worker)).toEqual(['completed']);
  });
});

describe('roles on SQLite', () => {
  const kit = useEngineKit('sqlite');

  it('let a process with "api" alone fire and look, and never take the file over', async () => {
    const api = codeOf('api');
    const front = await kit().boot(api.all, { roles: ['api'] });
    await front.start(api.Work);
    await kit().clock.advance(10_000);
    expect([log, await states(front), await front.rows('node')]).toEqual([[], ['pending'], []]);
    const owner = await kit().boot(codeOf('owner').all);
    await kit().clock.advance(2_000);
    expect(await states(front)).toEqual(['completed']);
    await kit().shutDown(owner);
    log = [];
    await front.get(TriggersService).fire('inbox', {});
    await kit().clock.advance(10_000);
    expect([log, await front.rows('node')]).toEqual([[], []]);
  });

  it.each([[['worker']], [['api', 'scheduler']]] as const)('refuse %j, with a reason', async (roles) => {
    await expect(kit().boot(codeOf('part').all, { roles: [...roles] })).rejects.toMatchObject({
      message: expect.stringMatching(/Option "roles" .*on SQLite, where one process at a time/),
    });
  });
});
