import { IntakeService } from '../intake/intake.service.js';
import { Task } from '../workflows/task.decorator.js';
import { Workflow } from '../workflows/workflow.decorator.js';
import { WorkflowRegistry } from '../workflows/workflow.registry.js';
import { describeOnGrounds, gate, useEngineKit } from './engine.contract.js';
import type { TestNode } from './engine.contract.js';

/** Bodies that run now, on all nodes of the test. */
let running: string[] = [];
let most = 0;
let poison = gate();
let others = gate();

async function run(name: string, until: Promise<void>): Promise<void> {
  running.push(name);
  most = Math.max(most, running.length);
  await until;
  running.splice(running.indexOf(name), 1);
}

@Workflow({ name: 'poison' })
class Poison {
  @Task()
  async kill(): Promise<void> {
    await run('poison', poison.opened);
  }
}

@Workflow({ name: 'harmless' })
class Harmless {
  @Task()
  async work(): Promise<void> {
    await run('harmless', others.opened);
  }
}

/** Past the lease of a dead node and the next renewal of a living one. */
const RESCUED_MS = 41_000;

describeOnGrounds('the work of a dead node', (database) => {
  const kit = useEngineKit(database);
  beforeEach(() => {
    running = [];
    most = 0;
    poison = gate();
    others = gate();
  });
  const die = async (node: TestNode): Promise<TestNode> => {
    node.crash();
    running = [];
    const next = await kit().boot([Poison, Harmless]);
    await kit().clock.advance(RESCUED_MS);
    return next;
  };
  const rescues = async (node: TestNode, workflow: string): Promise<unknown> =>
    (await node.rows('task'))
      .filter((row) => row['workflow'] === workflow)
      .map((row) => [row['state'], row['rescues'], row['attempt']]);

  // Cloacina case 52
  it('is taken over, spending a rescue and no attempt', async () => {
    const dying = await kit().boot([Poison, Harmless]);
    await dying.start(Harmless);
    await kit().clock.settle();
    const next = await die(dying);
    expect(await rescues(next, 'harmless')).toEqual([['running', 1, 1]]);
    expect(next.told('task')).toContain('task.rescued');
    others.open();
    await kit().clock.advance(1_000);
    expect(await rescues(next, 'harmless')).toEqual([['completed', 1, 1]]);
  });

  // Cloacina case 51
  it('is taken over once when two nodes find it at one instant', async () => {
    const dying = await kit().boot([Poison, Harmless]);
    const ids = await Promise.all(Array.from({ length: 12 }, () => dying.start(Harmless)));
    await kit().clock.settle();
    dying.crash();
    running = [];
    const nodes = [await kit().boot([Poison, Harmless]), await kit().boot([Poison, Harmless])] as const;
    await kit().clock.advance(RESCUED_MS);
    expect(running).toHaveLength(ids.length);
    expect(await rescues(nodes[0], 'harmless')).toEqual(ids.map(() => ['running', 1, 1]));
    const told = nodes.flatMap((node) => node.told('task')).filter((name) => name === 'task.rescued');
    expect(told).toHaveLength(ids.length);
    others.open();
    await kit().clock.advance(1_000);
    expect(await rescues(nodes[0], 'harmless')).toEqual(ids.map(() => ['completed', 1, 1]));
  });

  // Cloacina case 48, Cloacina case 52
  it('is taken from nobody who lives', async () => {
    const living = await kit().boot([Poison, Harmless]);
    await living.start(Harmless);
    await kit().clock.settle();
    const other = await kit().boot([Poison, Harmless]);
    await kit().clock.advance(120_000);
    expect(await rescues(other, 'harmless')).toEqual([['running', 0, 1]]);
    others.open();
    await kit().clock.advance(1_000);
    expect(await rescues(other, 'harmless')).toEqual([['completed', 0, 1]]);
  });

  // Cloacina case 27, Cloacina case 50, Cloacina case 58
  it('runs alone from its second rescue on, so that only what kills its process is abandoned, after three times alone', async () => {
    let node = await kit().boot([Poison, Harmless]);
    await node.start(Poison);
    await node.start(Harmless);
    await kit().clock.settle();
    expect(running).toHaveLength(2);
    node = await die(node);
    expect(running.sort()).toEqual(['harmless', 'poison']);
    others.open();
    let deaths = 1;
    for (let state: unknown = 'running'; state === 'running'; deaths += 1) {
      node = await die(node);
      expect(running.filter((name) => name === 'harmless')).toEqual([]);
      [[state]] = (await rescues(node, 'poison')) as [[unknown]];
      most = 0;
    }
    expect(deaths).toBe(5);
    expect(await rescues(node, 'poison')).toEqual([['failed', 4, 1]]);
    expect(await rescues(node, 'harmless')).toEqual([['completed', expect.anything(), 1]]);
    const failed = (await node.rows('execution')).find((row) => row['workflow'] === 'poison');
    expect(JSON.parse(failed?.['error'] as string)).toMatchObject({ code: 'TRG_TASK_ABANDONED', task: 'kill' });
    expect(node.told('execution')).toEqual(['execution.failed']);
  });

  // Cloacina case 50, Cloacina case 58
  it('is given up once when two nodes find at one instant that it has spent its rescues', async () => {
    const dying = await kit().boot([Poison, Harmless]);
    await dying.start(Poison);
    await kit().clock.settle();
    await dying.store.dialect.writer.query('UPDATE triggers_task SET rescues = 4');
    dying.crash();
    running = [];
    const nodes = [await kit().boot([Poison, Harmless]), await kit().boot([Poison, Harmless])] as const;
    await kit().clock.advance(RESCUED_MS);
    expect([running, await rescues(nodes[0], 'poison')]).toEqual([[], [['failed', 4, 1]]]);
    const told = nodes.flatMap((node) => node.told('execution'));
    expect(told).toEqual(['execution.failed']);
  });

  // Cloacina case 57
  it('is no matter of death where a living node has a claim that it does not know: it gives that back, at no cost', async () => {
    const node = await kit().boot([Poison, Harmless], { worker: { concurrency: 1 } });
    await node.start(Poison);
    await node.start(Harmless);
    await kit().clock.settle();
    // What a COMMIT leaves behind whose outcome the node never learnt.
    await node.store.dialect.writer.query(
      `UPDATE triggers_task SET state = 'running', owner = '${node.nodeId}', lease_token = 'unknown' WHERE workflow = 'harmless'`,
    );
    await kit().clock.advance(10_000);
    expect(await rescues(node, 'harmless')).toEqual([['running', 0, 1]]);
    await kit().clock.advance(10_000);
    expect(await rescues(node, 'harmless')).toEqual([['ready', 0, 1]]);
    poison.open();
    others.open();
    await kit().clock.advance(3_000);
    expect(await rescues(node, 'harmless')).toEqual([['completed', 0, 1]]);
  });

  it('that runs alone lets nothing begin beside it', async () => {
    let node = await kit().boot([Poison, Harmless]);
    await node.start(Poison);
    await kit().clock.settle();
    node = await die(node);
    node = await die(node);
    expect(running).toEqual(['poison']);
    most = 0;
    await node.start(Harmless);
    await kit().clock.advance(10_000);
    expect(running).toEqual(['poison']);
    others.open();
    poison.open();
    await kit().clock.advance(3_000);
    expect(await rescues(node, 'harmless')).toEqual([['completed', 0, 1]]);
    expect(most).toBeLessThanOrEqual(1);
  });

  it('that is its own by a row alone is given back when it has seen it twice', async () => {
    others.open();
    const node = await kit().boot([Harmless]);
    const workflow = node.get(WorkflowRegistry).require('harmless');
    const runAt = new Date(kit().clock.now() + 3_600_000);
    await node.get(IntakeService).start({ workflow, runAt });
    // As a COMMIT leaves it whose answer got lost.
    const claim = `UPDATE triggers_task SET state = 'running', owner = '${node.nodeId}', lease_token = 'lost'`;
    await node.store.dialect.writer.query(claim);
    await kit().clock.advance(10_000);
    expect(await rescues(node, 'harmless')).toEqual([['running', 0, 1]]);
    await kit().clock.advance(10_000);
    expect(await rescues(node, 'harmless')).toEqual([['completed', 0, 1]]);
    expect(node.told('task')).toEqual(['task.started', 'task.completed']);
  });

  it('that waits to run alone and that nobody declares stops nobody', async () => {
    let node = await kit().boot([Poison, Harmless]);
    await node.start(Poison);
    await kit().clock.settle();
    node = await die(node);
    node.crash();
    const next = await kit().boot([Harmless]);
    await kit().clock.advance(RESCUED_MS);
    expect(await rescues(next, 'poison')).toEqual([['ready', 2, 1]]);
    others.open();
    await next.start(Harmless);
    await kit().clock.advance(3_000);
    expect(await rescues(next, 'harmless')).toEqual([['completed', 0, 1]]);
  });
});
