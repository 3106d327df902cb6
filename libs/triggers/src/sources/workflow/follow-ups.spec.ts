import { Injectable } from '@nestjs/common';
import fc from 'fast-check';
import { TriggersService } from '../../admin/triggers.service.js';
import { DATABASES, EngineKit, gate } from '../../engine/engine.contract.js';
import type { TestNode } from '../../engine/engine.contract.js';
import { ExecutionControl } from '../../engine/execution-control.service.js';
import { STRANDED_AFTER_MS } from '../../engine/workflow-watch.service.js';
import type { ExecutionId } from '../../model/ids.js';
import { StoreKit } from '../../store/contract/kit.contract.js';
import { batch, run } from '../../store/dialects/batch.js';
import type { Row } from '../../store/dialects/batch.js';
import type { CrashPoint } from '../../testing/crash-point.js';
import { armCrashPoint } from '../../testing/crash-points.js';
import { PROPERTY_TIMEOUT_MS, runs } from '../../testing/properties.contract.js';
import { Task } from '../../workflows/task.decorator.js';
import type { TaskContext } from '../../workflows/task-context.js';
import { Workflow } from '../../workflows/workflow.decorator.js';
import { MAPPING_TIMEOUT_MS } from '../payload/mapping-time.js';
import type { WorkflowEnd } from './workflow-end.js';
import { WorkflowSource } from './workflow.source.js';
import { WorkflowTrigger } from './workflow-trigger.decorator.js';

let body = gate();
let fails = false;
let mapped: string[] = [];
let mapping: Promise<unknown> | undefined;

@Workflow({ name: 'first' })
class First {
  @Task({ retry: { attempts: 1 } })
  async only(_context: TaskContext) {
    await body.opened;
    if (fails) throw new Error('failed');
  }
}

@Workflow({ name: 'second' })
class Second {
  @Task()
  only(_context: TaskContext) {}
}

/** The next version, which cannot go on with what the first one began. */
@Workflow({ name: 'first' })
class OtherFirst {
  @Task()
  renamed(_context: TaskContext) {}
}

@Injectable()
class Chain {
  @WorkflowTrigger({ workflow: 'first', on: ['completed', 'failed', 'cancelled'], start: Second })
  async follow(end: WorkflowEnd) {
    mapped.push(end.state);
    await mapping;
  }
}

@Injectable()
class Other {
  @WorkflowTrigger({ workflow: First, on: 'completed', start: Second })
  other() {}
}

/** Past the lease of a dead node and the next renewal of a living one. */
const RESCUED_MS = 41_000;
const FIRED = batch(
  'test_fired',
  {},
  () => `SELECT trigger, caused_by, state, reason, depth FROM triggers_firing WHERE kind = 'workflow' ORDER BY id`,
);
const WAITING = batch('test_waiting', {}, () => `SELECT trigger, owner, state FROM triggers_follow_up ORDER BY id`);

const DISOWN = batch('test_disown', { _owner: 'text' }, () => `UPDATE triggers_follow_up SET owner = g._owner FROM g`);

const fired = (node: TestNode): Promise<readonly Row[]> => node.store.read(FIRED, [[]]);
const waiting = (node: TestNode): Promise<readonly Row[]> => node.store.read(WAITING, [[]]);

/** A workflow that runs until the body is let go, failing or not. */
async function begin(node: TestNode): Promise<ExecutionId> {
  body = gate();
  return node.start(First);
}

describe.each(DATABASES)('follow-ups of ends, on %s', (database) => {
  let kit: EngineKit;
  beforeEach(async () => {
    [body, fails, mapped, mapping] = [gate(), false, [], undefined];
    kit = new EngineKit(await StoreKit.create(database));
  });
  afterEach(() => kit.close());

  const letGo = async (): Promise<void> => {
    body.open();
    await kit.clock.settle();
  };

  it('leave nothing behind but the firing, deeper by one than what it follows', async () => {
    const node = await kit.boot([First, Second, Chain]);
    const id = await begin(node);
    await letGo();
    expect(await fired(node)).toEqual([
      { trigger: 'follow', caused_by: id, state: 'accepted', reason: null, depth: expect.anything() },
    ]);
    expect(await waiting(node)).toEqual([]);
  });

  it('become a dead letter when the method takes longer than 10 s', async () => {
    const node = await kit.boot([First, Second, Chain]);
    mapping = new Promise(() => undefined);
    await begin(node);
    await letGo();
    expect(await waiting(node)).toMatchObject([{ trigger: 'follow', owner: node.nodeId }]);
    await kit.clock.advance(MAPPING_TIMEOUT_MS);
    expect(await fired(node)).toMatchObject([
      { state: 'dead', reason: 'Chain.follow failed: it did not end within 10s' },
    ]);
    expect([mapped, await waiting(node)]).toEqual([['completed'], []]);
  });

  it('are left to the next process when this one stops, and a stop waits for those on their way', async () => {
    const node = await kit.boot([First, Second, Chain]);
    const map = gate();
    mapping = map.opened;
    await begin(node);
    await letGo();
    map.open();
    await kit.shutDown(node);
    const next = await kit.boot([First, Second, Chain]);
    expect([mapped.length, (await fired(next)).length]).toEqual([1, 1]);
  });

  it('of an execution that is given up are followed like any other', async () => {
    let node = await kit.boot([First, Second, Chain]);
    await begin(node);
    for (let rescue = 0; rescue < 5; rescue += 1) {
      node.crash();
      node = await kit.boot([First, Second, Chain]);
      await kit.clock.advance(RESCUED_MS);
    }
    expect(mapped).toEqual(['failed']);
    expect(await fired(node)).toMatchObject([{ trigger: 'follow', state: 'accepted' }]);
  });

  it('of an execution that nobody can continue any more are followed by those that declare the trigger', async () => {
    const old = await kit.boot([First, Second, Chain]);
    await begin(old);
    old.crash();
    const next = await kit.boot([OtherFirst, Second, Chain]);
    await kit.clock.advance(STRANDED_AFTER_MS + 2 * RESCUED_MS);
    expect(mapped).toEqual(['failed']);
    expect(await fired(next)).toMatchObject([{ trigger: 'follow', state: 'accepted' }]);
  });

  it(
    'are as many as there were ends, whatever is retried and whoever dies',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(WISH, { minLength: 1, maxLength: 6 }), async (wishes) => {
          const own = new EngineKit(await StoreKit.create(database));
          try {
            await walk(own, wishes);
          } finally {
            await own.close();
          }
        }),
        runs(database === 'sqlite' ? 25 : 8),
      );
    },
    PROPERTY_TIMEOUT_MS,
  );
});

interface Wish {
  readonly again: boolean;
  readonly fails: boolean;
  readonly cancels: boolean;
  readonly crash: CrashPoint | null;
}

const WISH: fc.Arbitrary<Wish> = fc.record({
  again: fc.boolean(),
  fails: fc.boolean(),
  cancels: fc.boolean(),
  crash: fc.constantFrom<(CrashPoint | null)[]>(
    null,
    null,
    'task:returned',
    'finish:commit',
    'commit:follow_up_leave:after',
    'commit:committed',
    'finish:committed',
    'followUp:commit',
    'commit:follow_up_take:after',
    'followUp:committed',
  ),
});

/** Ends executions one after the other, new ones and retried ones; the process may die at each of them. */
async function walk(kit: EngineKit, wishes: readonly Wish[]): Promise<void> {
  [fails, mapping] = [false, undefined];
  let node = await kit.boot([First, Second, Chain]);
  const ends = new Map<ExecutionId, number>();
  let failed: ExecutionId | null = null;
  for (const wish of wishes) {
    fails = wish.fails;
    const id: ExecutionId = await beginOrRetry(node, wish.again ? failed : null);
    await kit.clock.settle();
    const dying = node;
    if (wish.crash !== null) armCrashPoint(dying.module, { point: wish.crash, act: () => dying.crash() });
    if (wish.cancels) await Promise.race([dying.get(ExecutionControl).cancel(id), kit.clock.settle()]);
    body.open();
    await kit.clock.settle();
    if (dying.isDead) node = await kit.boot([First, Second, Chain]);
    await kit.clock.advance(RESCUED_MS);
    ends.set(id, (ends.get(id) ?? 0) + 1);
    failed = wish.fails ? id : null;
  }
  // Whoever was armed and did not die does so no more: nothing ends here.
  await kit.clock.advance(RESCUED_MS);
  const counts = new Map<unknown, number>();
  for (const row of await fired(node)) counts.set(row['caused_by'], (counts.get(row['caused_by']) ?? 0) + 1);
  expect([...counts].sort()).toEqual([...ends].sort());
  expect(await waiting(node)).toEqual([]);
}

async function beginOrRetry(node: TestNode, failed: ExecutionId | null): Promise<ExecutionId> {
  body = gate();
  if (failed === null) return node.start(First);
  await node.get(ExecutionControl).retry(failed);
  return failed;
}

describe('follow-ups on several nodes', () => {
  let kit: EngineKit;
  beforeEach(async () => {
    [body, fails, mapped, mapping] = [gate(), false, [], undefined];
    kit = new EngineKit(await StoreKit.create('postgres'));
  });
  afterEach(() => kit.close());

  it('are done by a node that declares the trigger when one that does not ended the execution', async () => {
    const old = await kit.boot([First, Second]);
    const next = await kit.boot([First, Second, Chain], { roles: ['api', 'scheduler'] });
    // Told of the new trigger, or at the latest with its next renewal.
    await kit.clock.advance(10_000);
    await begin(old);
    await kit.clock.settle();
    body.open();
    await kit.clock.settle();
    expect(await waiting(old)).toEqual([{ trigger: 'follow', owner: null, state: 'completed' }]);
    const worker = await kit.boot([First, Second, Chain]);
    await kit.clock.advance(10_000);
    expect([mapped, (await fired(worker)).length, await waiting(worker)]).toEqual([['completed'], 1, []]);
    expect(next.isDead).toBe(false);
  });

  // Cloacina case 112
  it('are done by each node that declares one of them, where no node declares all', async () => {
    const one = await kit.boot([First, Second, Chain]);
    await kit.boot([First, Second, Other]);
    await kit.clock.advance(10_000);
    await begin(one);
    await kit.clock.settle();
    body.open();
    await kit.clock.settle();
    await kit.clock.advance(10_000);
    expect((await fired(one)).map(({ trigger }) => trigger).sort()).toEqual(['follow', 'other']);
    expect(await waiting(one)).toEqual([]);
  });

  it('fire once when two nodes do the same one', async () => {
    const nodes = [await kit.boot([First, Second, Chain]), await kit.boot([First, Second, Chain])];
    const map = gate();
    mapping = map.opened;
    await begin(nodes[0] as TestNode);
    await kit.clock.settle();
    body.open();
    await kit.clock.settle();
    // As if the one that ended it had been taken for dead.
    await (nodes[0] as TestNode).store.change(() => run(DISOWN, [[null]]));
    await (nodes[1] as TestNode).get(WorkflowSource).renewed();
    await kit.clock.settle();
    expect(mapped.length).toBe(2);
    map.open();
    await kit.clock.settle();
    await kit.clock.advance(RESCUED_MS);
    expect((await fired(nodes[0] as TestNode)).length).toBe(1);
  });

  it('are no longer left for a trigger that was deleted', async () => {
    const declaring = await kit.boot([First, Second, Chain]);
    const node = await kit.boot([First, Second]);
    await kit.clock.advance(10_000);
    await kit.shutDown(declaring);
    await kit.clock.advance(600_000);
    await node.get(TriggersService).forget('follow', { by: 'test' });
    await begin(node);
    await kit.clock.settle();
    body.open();
    await kit.clock.settle();
    expect(await waiting(node)).toEqual([]);
  });
});
