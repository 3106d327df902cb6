import { Task } from '../workflows/task.decorator.js';
import type { TaskContext } from '../workflows/task-context.js';
import { Workflow } from '../workflows/workflow.decorator.js';
import { DATABASES, gate, useEngineKit } from './engine.contract.js';
import { EngineService } from './engine.service.js';
import { TaskRunner } from './task-runner.service.js';

let attempts = 0;
let body: (context: TaskContext) => Promise<void>;

@Workflow({ name: 'slow' })
class Slow {
  @Task({ timeout: '10s', retry: { attempts: 2, delay: '1s', jitter: 'none' } })
  async work(context: TaskContext): Promise<void> {
    attempts += 1;
    await body(context);
  }
}

const aborted = ({ signal }: TaskContext): Promise<void> =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

describe.each(DATABASES)('the timeout of a task on %s', (database) => {
  const kit = useEngineKit(database);
  beforeEach(() => (attempts = 0));

  it('fails the attempt of a body that stops at its signal; the next one runs', async () => {
    body = (context) => (context.attempt === 1 ? aborted(context) : Promise.resolve());
    const node = await kit().boot([Slow]);
    const running = node.execute(Slow);
    await kit().clock.advance(9_999);
    expect(node.told('task')).toEqual(['task.started']);
    await kit().clock.advance(1_001);
    expect((await running).state).toBe('completed');
    expect(JSON.parse((await node.rows('task'))[0]?.['attempts'] as string)).toMatchObject([
      { error: { code: 'TRG_TASK_TIMEOUT' } },
    ]);
  });

  // Cloacina case 80
  it('fails the task with the timeout when every attempt runs into it', async () => {
    body = aborted;
    const result = await (await kit().boot([Slow])).execute(Slow, {}, 60_000);
    expect(result).toMatchObject({
      state: 'failed',
      error: { code: 'TRG_TASK_TIMEOUT', message: expect.stringContaining('10000ms') },
    });
    expect(attempts).toBe(2);
  });

  it('counts a body that does not return a second after its signal as a zombie, and frees its slot', async () => {
    const stuck = gate();
    body = (context) => (context.attempt === 1 ? stuck.opened : Promise.resolve());
    const node = await kit().boot([Slow], { worker: { concurrency: 1 } });
    const running = node.execute(Slow);
    await kit().clock.advance(10_999);
    expect([node.get(EngineService).zombies, attempts]).toEqual([0, 1]);
    await kit().clock.advance(1);
    expect(node.get(EngineService).zombies).toBe(1);
    await kit().clock.advance(2_000);
    expect((await running).state).toBe('completed');
    stuck.open();
    await kit().clock.settle();
    expect(node.get(EngineService).zombies).toBe(0);
    expect(await node.rows('execution')).toMatchObject([{ state: 'completed' }]);
  });

  it('says once that the node is unhealthy above ten zombies', async () => {
    const stuck = gate();
    body = () => stuck.opened;
    const node = await kit().boot([Slow]);
    // Two attempts each.
    for (let count = 0; count < 5; count += 1) await node.start(Slow);
    await kit().clock.advance(40_000);
    expect([node.get(EngineService).zombies, node.told('node')]).toEqual([10, ['node.started']]);
    await node.start(Slow);
    await kit().clock.advance(60_000);
    expect(node.told('node')).toEqual(['node.started', 'node.unhealthy']);
    expect(node.events.all.find(({ name }) => name === 'node.unhealthy')).toMatchObject({
      nodeId: node.nodeId,
      reason: expect.stringMatching(/^11 task bodies/),
    });
    stuck.open();
    await kit().clock.advance(60_000);
    expect(node.get(EngineService).zombies).toBe(0);
  });

  it('counts no zombie below zero when the node stops in the second after the signal', async () => {
    const stuck = gate();
    body = () => stuck.opened;
    const node = await kit().boot([Slow], { shutdown: { drain: '300ms' } });
    await node.start(Slow);
    await kit().clock.advance(10_500);
    const engine = node.get(EngineService);
    await engine.stopClaiming();
    const drained = engine.drain();
    await kit().clock.advance(30_000);
    await drained;
    stuck.open();
    await kit().clock.settle();
    expect(node.get(TaskRunner).zombies).toBe(0);
  });

  it('does not hold what it returns too late', async () => {
    body = async (context) => {
      await aborted(context).catch(() => undefined);
    };
    expect((await (await kit().boot([Slow])).execute(Slow, {}, 60_000)).state).toBe('failed');
  });
});
