import { WorkflowRunner } from '../admin/workflow-runner.service.js';
import { Task } from '../workflows/task.decorator.js';
import type { TaskContext } from '../workflows/task-context.js';
import { Workflow } from '../workflows/workflow.decorator.js';
import { DATABASES, gate, useEngineKit } from './engine.contract.js';
import { NodeLease } from './node-lease.service.js';
import { statement } from '../store/contract/kit.contract.js';

let log: string[] = [];
let body: (context: TaskContext) => Promise<object | void>;

@Workflow({ name: 'work' })
class Work {
  @Task()
  async only(context: TaskContext) {
    log.push('begins');
    return (await body(context)) as object;
  }
}

/** Its first attempt fails, its second is a while away. */
@Workflow({ name: 'shaky' })
class Shaky {
  @Task({ retry: { attempts: 2, delay: '15s', jitter: 'none' } })
  async only(context: TaskContext) {
    if (context.attempt === 1) throw new Error('not yet');
  }
}

describe.each(DATABASES)('the lease of a node on %s', (database) => {
  const kit = useEngineKit(database);
  beforeEach(() => (log = []));

  it('is renewed every third of it, for as long as the process lives', async () => {
    const node = await kit().boot([Work]);
    const until = async (): Promise<number> =>
      new Date((await node.rows('node'))[0]?.['lease_until'] as string).getTime() - kit().clock.now();
    expect(await until()).toBe(30_000);
    await kit().clock.advance(9_999);
    expect(await until()).toBe(20_001);
    await kit().clock.advance(1);
    expect(await until()).toBe(30_000);
    await kit().clock.advance(600_000);
    expect([await until(), node.get(NodeLease).isHeld]).toEqual([30_000, true]);
  });

  it.each([
    ['an hour', 3_600_000],
    ['a day', 86_400_000],
  ])('goes on when the clock is set back by %s, and so does work that was due', async (_what, ms) => {
    const working = gate();
    body = async () => working.opened;
    const node = await kit().boot([Work, Shaky], { worker: { concurrency: 2 } });
    const before = node.nodeId;
    await node.start(Shaky);
    await kit().clock.settle();
    for (let count = 0; count < 3; count += 1) await node.start(Work);
    const planned = await node.get(WorkflowRunner).start(Work, {}, { runAt: new Date(kit().clock.now() + 1_000) });
    await kit().clock.advance(10_000);
    kit().clock.set(new Date(kit().clock.now() - ms));
    working.open();
    await kit().clock.advance(20_000);
    const states = Object.fromEntries((await node.rows('execution')).map((row) => [row['id'], row['state']]));
    expect(Object.values(states)).toEqual(Array(5).fill('completed'));
    expect(states[planned]).toBe('completed');
    expect(node.nodeId).toBe(before);
  });

  it('of a dead node lasts no longer because the clock is set back', async () => {
    body = () => gate().opened;
    const dying = await kit().boot([Work]);
    await dying.start(Work);
    await kit().clock.settle();
    dying.crash();
    body = async () => undefined;
    const next = await kit().boot([Work]);
    kit().clock.set(new Date(kit().clock.now() - 3_600_000));
    await kit().clock.advance(60_000);
    expect(await next.rows('execution')).toMatchObject([{ state: 'completed' }]);
  });

  it('does not bring forward what somebody planned for later, when the clock is set back', async () => {
    body = async () => undefined;
    const node = await kit().boot([Work]);
    await node.get(WorkflowRunner).start(Work, {}, { runAt: new Date(kit().clock.now() + 60_000) });
    kit().clock.set(new Date(kit().clock.now() - 60_000));
    await kit().clock.advance(119_000);
    expect(log).toEqual([]);
    await kit().clock.advance(2_000);
    expect(log).toEqual(['begins']);
  });

  // Cloacina case 26, Cloacina case 66, Cloacina case 67, Review 14
  it('is lost by a process that was suspended: its bodies are aborted and their results refused', async () => {
    const working = gate();
    let signal: AbortSignal | undefined;
    body = async (context) => {
      signal = context.signal;
      await working.opened;
      return { from: 'the suspended process' };
    };
    const node = await kit().boot([Work]);
    const before = node.nodeId;
    await node.start(Work);
    await kit().clock.settle();
    node.suspend();
    await kit().clock.advance(31_000);
    body = async () => ({ from: 'the second run' });
    node.goOn();
    await kit().clock.settle();
    expect(signal?.aborted).toBe(true);
    expect(node.nodeId).not.toBe(before);
    expect(node.told('node')).toEqual(['node.started', 'node.leaseLost', 'node.started']);
    working.open();
    await kit().clock.advance(31_000);
    expect(log).toEqual(['begins', 'begins']);
    expect((await node.rows('task'))[0]).toMatchObject({
      state: 'completed',
      output: '{"from":"the second run"}',
      rescues: 1,
    });
  });

  it('lets nothing be claimed while it is not held', async () => {
    body = async () => undefined;
    const node = await kit().boot([Work]);
    node.suspend();
    await kit().clock.advance(30_000);
    expect(node.get(NodeLease).isHeld).toBe(false);
    await node.start(Work);
    await kit().clock.settle();
    expect(log).toEqual([]);
    node.goOn();
    await kit().clock.advance(1_000);
    expect(log).toEqual(['begins']);
  });

  // Cloacina case 62
  it('is lost at once when its row is gone or has run out for the database', async () => {
    const working = gate();
    let signal: AbortSignal | undefined;
    body = async (context) => {
      signal = context.signal;
      await working.opened;
    };
    const node = await kit().boot([Work]);
    await node.start(Work);
    await kit().clock.settle();
    await node.store.dialect.writer.query('DELETE FROM triggers_node');
    await kit().clock.advance(10_000);
    expect(signal?.aborted).toBe(true);
    expect(node.told('node')).toEqual(['node.started', 'node.leaseLost', 'node.started']);
    working.open();
    await kit().clock.advance(10_000);
  });

  it('outlives a database that is away for a while', async () => {
    const node = await kit().boot([Work]);
    const { dialect } = node.store;
    const { transaction } = dialect;
    const { TransactionFailure } = await import('../store/dialects/dialect.js');
    dialect.transaction = () => Promise.reject(new TransactionFailure('away', 'rolledBack', new Error('away')));
    await kit().clock.advance(15_000);
    dialect.transaction = transaction;
    await kit().clock.advance(20_000);
    expect([node.told('node'), node.get(NodeLease).isHeld]).toEqual([['node.started'], true]);
    expect(await node.store.read(statement('SELECT id FROM triggers_node'), [[]])).toHaveLength(1);
  });
});
