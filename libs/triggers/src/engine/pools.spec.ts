import type { Type } from '@nestjs/common';
import { Task } from '../workflows/task.decorator.js';
import type { TaskContext } from '../workflows/task-context.js';
import { Workflow } from '../workflows/workflow.decorator.js';
import { WorkflowRegistry } from '../workflows/workflow.registry.js';
import { HistoryService } from '../history/history.service.js';
import { DATABASES, gate, useEngineKit } from './engine.contract.js';
import type { TestNode } from './engine.contract.js';

let log: string[] = [];

/** `render` stands in the pool that is given; what it does tells the version. */
function filmWorkflow(pool: string, version = 'one'): Type {
  @Workflow({ name: 'film' })
  class Film {
    @Task()
    async cut(): Promise<void> {
      log.push('cut');
    }

    @Task({ dependencies: ['cut'], pool, retry: { attempts: 2, delay: '5s', jitter: 'none' } })
    async render({ attempt }: TaskContext): Promise<void> {
      log.push(`render by ${version}`);
      if (attempt === 1 && version === 'fragile') throw new Error('not yet');
    }
  }
  return Film;
}

/** As many of each, side by side, in two pools. */
@Workflow({ name: 'crowd' })
class Crowd {
  @Task({ pool: 'a' })
  async one(): Promise<void> {
    log.push('a');
  }

  @Task({ pool: 'b' })
  async two(): Promise<void> {
    log.push('b');
  }
}

let opened = gate();
@Workflow({ name: 'blocker' })
class Blocker {
  @Task({ pool: 'a' })
  async only(): Promise<void> {
    await opened.opened;
  }
}

const serving = (...pools: string[]) => ({ worker: { pools } });
const tasks = async (node: TestNode): Promise<unknown[]> =>
  (await node.rows('task')).map((row) => [row['task'], row['pool'], row['state']]);
const states = async (node: TestNode): Promise<unknown[]> => (await node.rows('execution')).map((row) => row['state']);

describe.each(DATABASES)('task pools on %s', (database) => {
  const kit = useEngineKit(database);
  beforeEach(() => {
    log = [];
    opened = gate();
  });

  it('are all served by a process that names none', async () => {
    const Film = filmWorkflow('gpu');
    const node = await kit().boot([Film]);
    expect(await node.execute(Film)).toMatchObject({ state: 'completed' });
    expect(await tasks(node)).toEqual([
      ['cut', 'default', 'completed'],
      ['render', 'gpu', 'completed'],
    ]);
  });

  it('keep a task waiting that no process serves, for as long as it takes, and it runs when one does', async () => {
    const Film = filmWorkflow('gpu');
    const node = await kit().boot([Film], serving('default'));
    const id = await node.start(Film);
    await kit().clock.advance(640_000);
    expect([log, await states(node)]).toEqual([['cut'], ['running']]);
    const said = node.events.all.filter(({ name }) => name === 'pool.unserved');
    expect(said).toMatchObject([{ pool: 'gpu', ready: 1 }]);
    expect(await tasks(node)).toEqual([
      ['cut', 'default', 'completed'],
      ['render', 'gpu', 'ready'],
    ]);
    const detail = await node.get(HistoryService).execution(id);
    expect(detail?.tasks.map(({ task, pool }) => [task, pool])).toEqual([
      ['cut', 'default'],
      ['render', 'gpu'],
    ]);
    await kit().shutDown(node);
    const gpu = await kit().boot([Film], serving('gpu'));
    await kit().clock.advance(1_000);
    expect([log, await states(gpu)]).toEqual([['cut', 'render by one'], ['completed']]);
  });

  it('are served in turn, so that none starves behind another that is full', async () => {
    const node = await kit().boot([Crowd, Blocker], { worker: { concurrency: 1 } });
    await node.start(Blocker);
    await kit().clock.settle();
    for (let count = 0; count < 5; count += 1) await node.start(Crowd);
    opened.open();
    await kit().clock.advance(5_000);
    expect(log.slice(0, 6).filter((pool) => pool === 'a')).toHaveLength(3);
    expect(log).toHaveLength(10);
  });

  it('fill all slots from one pool where nothing waits in the others', async () => {
    const node = await kit().boot([Crowd, Blocker], { worker: { concurrency: 4 } });
    for (let count = 0; count < 8; count += 1) await node.start(Blocker);
    await kit().clock.settle();
    const running = (await node.rows('task')).filter((row) => row['state'] === 'running');
    expect(running).toHaveLength(4);
    opened.open();
    await kit().clock.advance(2_000);
    expect(new Set(await states(node))).toEqual(new Set(['completed']));
  });

  it('are no part of the shape of a workflow', async () => {
    const [one, other] = [await kit().boot([filmWorkflow('gpu')]), await kit().boot([filmWorkflow('cpu')])];
    const hashes = [one, other].map((node) => node.get(WorkflowRegistry).get('film')?.hash);
    expect(hashes[0]).toBe(hashes[1]);
  });

  describe('after a deploy that moved a task', () => {
    it('send what became ready before to where it runs now, and spend no attempt', async () => {
      const Before = filmWorkflow('gpu');
      const before = await kit().boot([Before], serving('default'));
      await before.start(Before);
      await kit().clock.advance(1_000);
      await kit().shutDown(before);
      const after = await kit().boot([filmWorkflow('default', 'two')], serving('default'));
      await kit().clock.advance(60_000);
      expect([log, await states(after)]).toEqual([['cut', 'render by two'], ['completed']]);
      expect((await after.rows('task'))[1]).toMatchObject({ pool: 'default', attempt: 1, rescues: 0 });
    });

    it('send all that became ready before with the first look, however much it is', async () => {
      const Before = filmWorkflow('gpu');
      const before = await kit().boot([Before], serving('default'));
      await Promise.all(Array.from({ length: 501 }, () => before.start(Before)));
      await kit().clock.advance(1_000);
      expect((await tasks(before)).filter((task) => String(task) === 'render,gpu,ready')).toHaveLength(501);
      await kit().shutDown(before);
      const after = await kit().boot([filmWorkflow('default', 'two')], serving('default'));
      expect((await after.rows('task')).filter(({ pool }) => pool === 'gpu')).toEqual([]);
    });

    it('give what waits for its dependencies the pool that it has when it becomes ready', async () => {
      const Before = filmWorkflow('gpu');
      const before = await kit().boot([Before], serving('gpu'));
      await before.start(Before);
      await kit().clock.settle();
      expect(await tasks(before)).toEqual([
        ['cut', 'default', 'ready'],
        ['render', 'gpu', 'blocked'],
      ]);
      await kit().shutDown(before);
      const after = await kit().boot([filmWorkflow('tpu')], serving('default'));
      await kit().clock.advance(1_000);
      expect(await tasks(after)).toEqual([
        ['cut', 'default', 'completed'],
        ['render', 'tpu', 'ready'],
      ]);
    });

    it('take a task along that is tried again', async () => {
      const Fragile = filmWorkflow('gpu', 'fragile');
      const node = await kit().boot([Fragile]);
      await node.start(Fragile);
      await kit().clock.settle();
      expect((await tasks(node))[1]).toEqual(['render', 'gpu', 'ready']);
      await kit().clock.advance(6_000);
      expect([log, await states(node)]).toEqual([['cut', 'render by fragile', 'render by fragile'], ['completed']]);
    });
  });

  if (database === 'postgres') {
    it('let each process run only what is its own, whoever makes it ready', async () => {
      const [Cpu, Gpu] = [filmWorkflow('gpu', 'cpu'), filmWorkflow('gpu', 'gpu')];
      const cpu = await kit().boot([Cpu], serving('default'));
      const gpu = await kit().boot([Gpu], serving('gpu'));
      for (let count = 0; count < 5; count += 1) await cpu.start(Cpu);
      for (let count = 0; count < 5; count += 1) await gpu.start(Gpu);
      await kit().clock.advance(3_000);
      expect(await states(cpu)).toEqual(Array(10).fill('completed'));
      expect(log.filter((line) => line === 'render by gpu')).toHaveLength(10);
      const owners = (await cpu.rows('task')).map((row) => [row['task'], row['owner']]);
      expect(new Set(owners.map(String))).toEqual(new Set([`cut,${cpu.nodeId}`, `render,${gpu.nodeId}`]));
    });

    it('move a task that another version had made ready, while both versions live', async () => {
      const Before = filmWorkflow('gpu', 'before');
      const before = await kit().boot([Before], serving('default'));
      await before.start(Before);
      await kit().clock.settle();
      const moved = await kit().boot([filmWorkflow('tpu', 'after')], serving('tpu'));
      // It serves the old pool for other tasks, and learns from its code that this one has left it.
      @Workflow({ name: 'other' })
      class Other {
        @Task({ pool: 'gpu' })
        only(): void {}
      }
      await kit().boot([filmWorkflow('tpu', 'wrong'), Other], serving('gpu'));
      await kit().clock.advance(3_000);
      expect([log, await states(moved)]).toEqual([['cut', 'render by after'], ['completed']]);
      expect((await moved.rows('task'))[1]).toMatchObject({ pool: 'tpu', owner: moved.nodeId, attempt: 1 });
    });
  }
});
