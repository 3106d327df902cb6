import { NodeRoles } from '../model/node-roles.js';
import type { ClaimedTask, Claimer, ReadyTask } from '../store/claimer.js';
import { ALONE_FROM_RESCUE } from '../store/commits/claim.commit.js';
import type { Store } from '../store/store.service.js';
import type { WorkflowRegistry } from '../workflows/workflow.registry.js';
import { Dispatcher } from './dispatcher.service.js';
import type { ResolvedEngineOptions } from './engine.options.js';
import type { NodeLease } from './node-lease.service.js';
import { ServedPools } from './served-pools.service.js';
import type { TaskRunner } from './task-runner.service.js';

const task = (rescues = 0): ClaimedTask => ({ rescues }) as ClaimedTask;

describe('Dispatcher', () => {
  const runner = { begin: jest.fn(), run: jest.fn(), onSlotFree: (_task: ClaimedTask): void => undefined };
  const transport = {
    open: jest.fn(),
    start: jest.fn(),
    noticed: jest.fn(),
    wake: jest.fn(),
    slotFreed: jest.fn(),
    stop: jest.fn(async () => undefined),
    close: jest.fn(async () => undefined),
  };
  let lease: { nodeId: string; isHeld: boolean };
  let commits: { claimer?: Claimer; onReady?: (inMs: number, tasks: readonly ReadyTask[]) => void };
  const tell = jest.fn();
  /** One that has not started. */
  let make: () => Dispatcher;
  let dispatcher: Dispatcher;

  beforeEach(() => {
    jest.clearAllMocks();
    lease = { nodeId: 'n1', isHeld: true };
    commits = {};
    const workflows = {
      all: () => [{ name: 'files', hash: 'h1' }],
      pools: () => ['default', 'gpu', 'mail'],
      poolOf: () => 'gpu',
      byHash: (name: string, hash: string) => (`${name}:${hash}` === 'files:h1' ? {} : undefined),
    };
    const options = { concurrency: 2, pools: ['default', 'gpu'] as readonly string[] } as ResolvedEngineOptions;
    make = () => {
      const made = new Dispatcher(
        { commits, notices: { tell } } as unknown as Store,
        workflows as unknown as WorkflowRegistry,
        lease as unknown as NodeLease,
        runner as unknown as TaskRunner,
        transport,
        new ServedPools(workflows as unknown as WorkflowRegistry, new NodeRoles(), options),
        options,
      );
      made.onModuleInit();
      return made;
    };
    dispatcher = make();
    dispatcher.startClaiming();
  });

  it('begins with the runner, the commits and the transport', () => {
    expect([runner.begin.mock.calls.length, commits.claimer, transport.start.mock.calls]).toEqual([
      1,
      dispatcher,
      [[dispatcher]],
    ]);
    expect([dispatcher.nodeId, dispatcher.declared]).toEqual(['n1', ['files:h1']]);
  });

  it('lets commits claim in passing what this node declares and serves, unless a task waits that must run alone', () => {
    const accepts = (hash: string, pool: string): boolean => dispatcher.accepts('files', hash, pool);
    expect([accepts('h1', 'default'), accepts('h1', 'gpu'), accepts('h1', 'mail'), accepts('h2', 'default')]).toEqual([
      true,
      true,
      false,
      false,
    ]);
    dispatcher.quiet(true);
    expect(accepts('h1', 'default')).toBe(false);
    dispatcher.quiet(false);
    expect(accepts('h1', 'default')).toBe(true);
  });

  it('serves its pools in turn, and knows the pool of a task by its code', () => {
    expect([1, 2, 3].map(() => dispatcher.poolsInTurn())).toEqual([
      ['gpu', 'default'],
      ['default', 'gpu'],
      ['gpu', 'default'],
    ]);
    expect([dispatcher.pools, dispatcher.poolOf('files', 'h1', 'render')]).toEqual([['default', 'gpu'], 'gpu']);
  });

  it('gives no more slots than there are, and takes back those that nothing was claimed for', () => {
    expect([dispatcher.isIdle(), dispatcher.takeSlots(3), dispatcher.isIdle()]).toEqual([true, 2, false]);
    expect(dispatcher.takeSlots(1)).toBe(0);
    dispatcher.giveBackSlots(2);
    expect([dispatcher.isIdle(), dispatcher.takeSlots(1)]).toEqual([true, 1]);
  });

  it('gives no slot while the lease is not held', () => {
    lease.isHeld = false;
    expect(dispatcher.takeSlots(1)).toBe(0);
  });

  it('runs what was claimed in its order, and frees a slot with each end', () => {
    const tasks = [task(), task()];
    dispatcher.takeSlots(2);
    dispatcher.start(tasks);
    expect(runner.run.mock.calls).toEqual(tasks.map((started) => [started]));
    runner.onSlotFree(task());
    expect([transport.slotFreed.mock.calls.length, dispatcher.isIdle(), dispatcher.takeSlots(2)]).toEqual([
      1,
      false,
      1,
    ]);
  });

  it('gives no slot beside a task that runs alone, from its second rescue on', () => {
    dispatcher.takeSlots(1);
    dispatcher.start([task(ALONE_FROM_RESCUE)]);
    expect(dispatcher.takeSlots(1)).toBe(0);
    runner.onSlotFree(task(ALONE_FROM_RESCUE));
    expect(dispatcher.takeSlots(1)).toBe(1);
    dispatcher.start([task(ALONE_FROM_RESCUE - 1)]);
    expect(dispatcher.takeSlots(1)).toBe(1);
  });

  it('hears what commits leave ready before it runs anything, and what other processes leave from then on', () => {
    transport.open.mockClear();
    dispatcher = make();
    expect(transport.open).toHaveBeenCalledTimes(1);
    const ready = [{ task: 'a' }] as ReadyTask[];
    commits.onReady?.(0, ready);
    expect(tell).toHaveBeenCalledTimes(1);
    commits.onReady?.(7, []);
    expect(transport.wake.mock.calls).toEqual([
      [0, ready],
      [7, []],
    ]);
    expect(tell.mock.calls).toEqual([[{ about: 'ready' }]]);
    dispatcher.noticed();
    expect([transport.noticed.mock.calls, dispatcher.freeSlots]).toEqual([[], 0]);
    dispatcher.startClaiming();
    dispatcher.noticed();
    expect(transport.noticed).toHaveBeenCalledTimes(1);
  });

  it('wakes the transport', () => {
    const ready = [{ task: 'a' }] as ReadyTask[];
    dispatcher.wake(5, ready);
    expect(transport.wake.mock.calls).toEqual([[5, ready]]);
  });

  it('shows the transport the slots that it may use: none beside a task that waits to run alone', async () => {
    expect([dispatcher.concurrency, dispatcher.freeSlots, dispatcher.isQuiet]).toEqual([2, 2, false]);
    dispatcher.takeSlots(2);
    dispatcher.start([task()]);
    expect(dispatcher.freeSlots).toBe(1);
    dispatcher.quiet(true);
    expect([dispatcher.freeSlots, dispatcher.isQuiet]).toEqual([0, true]);
    dispatcher.quiet(false);
    runner.onSlotFree(task());
    expect(dispatcher.freeSlots).toBe(2);
    lease.isHeld = false;
    expect(dispatcher.freeSlots).toBe(0);
  });

  it('claims nothing after the stop; slots become free all the same, and what becomes ready is told to the end', async () => {
    dispatcher.takeSlots(2);
    await dispatcher.stopClaiming();
    expect(transport.stop).toHaveBeenCalledTimes(1);
    dispatcher.wake(0, []);
    runner.onSlotFree(task());
    expect([transport.wake.mock.calls, transport.slotFreed.mock.calls]).toEqual([[[0, []]], []]);
    await dispatcher.close();
    expect(transport.close).toHaveBeenCalledTimes(1);
    expect(dispatcher.takeSlots(1)).toBe(0);
    dispatcher.startClaiming();
    expect(dispatcher.takeSlots(2)).toBe(1);
  });
});
