import type { ClaimedTask, ReadyTask } from '../../../store/claimer.js';
import type { Store } from '../../../store/store.service.js';
import { TestClock } from '../../../testing/test-clock.js';
import { SWEEP_MS } from '../table-claims.js';
import { BullMqTransport, OVERDUE_MS } from './bullmq.transport.js';
import { FakePackages } from './packages.contract.js';
import type { FakeRedis, FakeConsumer } from './packages.contract.js';

const task = (given: Partial<ReadyTask> = {}): ReadyTask =>
  ({ id: 't', executionId: 'e', task: 'a', pool: 'default', priority: 0, inMs: 0, ...given }) as ReadyTask;

describe('BullMqTransport', () => {
  let clock: TestClock;
  let fakes: FakePackages;
  let shown: string[];
  let freeSlots: number;
  /** What a claim from the table finds. */
  let submit: jest.Mock<Promise<{ claimed: number; slots: number }>>;
  let transport: BullMqTransport;
  /** What it looked for as it started. */
  let first: number[];

  const telling = (): FakeRedis => fakes.connections[0] as FakeRedis;
  const worker = (at = 0): FakeConsumer => fakes.workers[at] as FakeConsumer;
  const host = {
    pools: ['default', 'gpu'],
    concurrency: 4,
    get freeSlots() {
      return freeSlots;
    },
    quiet: () => undefined,
    isIdle: () => true,
  };
  /** For how long overdue the tasks were that claims from the table asked for, since this was asked last. */
  const asked = async (): Promise<number[]> => {
    await clock.settle();
    const items = submit.mock.calls.map(([, item]: unknown[]) => (item as { overdueMs: number }).overdueMs);
    submit.mockClear();
    return items;
  };

  beforeEach(async () => {
    clock = new TestClock();
    fakes = new FakePackages();
    [shown, freeSlots] = [[], 3];
    submit = jest.fn(async () => ({ claimed: 0, slots: 4 }));
    const store = { read: async () => [], commits: { submit } } as unknown as Store;
    const timers = { show: (name: string) => shown.push(name), hide: () => undefined };
    const options = { connection: { host: 'redis' }, prefix: 'shop' };
    transport = new BullMqTransport({ store, clock, timers }, options, fakes.packages);
    transport.open();
    telling().stands();
    transport.start(host);
    first = await asked();
  });

  it('hears the queue of each pool that its node serves, over a connection of its own', () => {
    expect(fakes.workers.map(({ name, options }) => [name, options['connection']])).toEqual([
      ['shop-default', fakes.connections[1]],
      ['shop-gpu', fakes.connections[1]],
    ]);
    expect(fakes.connections).toHaveLength(2);
  });

  it('tells what commits leave ready, and looks into the table for nothing that has a message', async () => {
    transport.wake(0, [task()]);
    transport.wake(300, [task({ task: 'b', inMs: 300 })]);
    await clock.advance(300);
    expect(await asked()).toEqual([]);
    expect(fakes.queues.map(({ name, told }) => [name, told.map(({ data }) => data)])).toEqual([
      [
        'shop-default',
        [
          { executionId: 'e', task: 'a' },
          { executionId: 'e', task: 'b' },
        ],
      ],
    ]);
  });

  it('looks at once, and every second, for tasks that have been ready for two: their messages were lost', async () => {
    expect(first).toEqual([OVERDUE_MS]);
    await clock.advance(SWEEP_MS - 1);
    expect(await asked()).toEqual([]);
    await clock.advance(1 + SWEEP_MS);
    expect(await asked()).toEqual([OVERDUE_MS, OVERDUE_MS]);
    expect(new Set(shown)).toEqual(new Set(['triggers:claims']));
  });

  it('goes on with each slot that comes free only where all its queues are empty', async () => {
    submit.mockImplementation(async () => ({ claimed: 4, slots: 4 }));
    worker(0).emit('drained');
    await clock.advance(SWEEP_MS);
    transport.slotFreed({ facts: {} } as ClaimedTask);
    expect(await asked()).toEqual([OVERDUE_MS]);
    worker(1).emit('drained');
    await clock.advance(SWEEP_MS);
    transport.slotFreed({ facts: {} } as ClaimedTask);
    expect(await asked()).toEqual([OVERDUE_MS, OVERDUE_MS]);
  });

  it('looks at once, and once, for ready tasks that nobody could name', async () => {
    transport.wake(0, []);
    expect(await asked()).toEqual([0]);
    transport.wake(300, []);
    await clock.advance(299);
    expect(await asked()).toEqual([]);
    await clock.advance(1);
    expect(await asked()).toEqual([0]);
    transport.wake(SWEEP_MS, []);
    await clock.advance(SWEEP_MS);
    expect(await asked()).toEqual([OVERDUE_MS]);
  });

  it('takes everything that is due from the table while Redis is away, and is woken by commits and by other nodes', async () => {
    transport.noticed();
    expect(await asked()).toEqual([]);
    telling().breaks();
    submit.mockImplementation(async () => ({ claimed: 4, slots: 4 }));
    transport.noticed();
    expect(await asked()).toEqual([0]);
    transport.wake(0, [task()]);
    expect(await asked()).toEqual([0]);
    transport.slotFreed({ facts: {} } as ClaimedTask);
    expect(await asked()).toEqual([0]);
    await clock.advance(SWEEP_MS);
    expect(await asked()).toEqual([0]);
  });

  it('claims once for what nobody could name while Redis is there, however many slots come free', async () => {
    submit.mockImplementation(async () => ({ claimed: 4, slots: 4 }));
    transport.wake(0, []);
    await clock.settle();
    transport.slotFreed({ facts: {} } as ClaimedTask);
    expect(await asked()).toEqual([0]);
  });

  it('fits what BullMQ fetches to the slots, with its start, each second, and with each slot that comes free', async () => {
    expect(fakes.workers.map(({ concurrency }) => concurrency)).toEqual([3, 3]);
    freeSlots = 2;
    await clock.advance(SWEEP_MS);
    expect(fakes.workers.map(({ concurrency }) => concurrency)).toEqual([2, 2]);
    freeSlots = 4;
    transport.slotFreed({ facts: {} } as ClaimedTask);
    expect(fakes.workers.map(({ concurrency }) => concurrency)).toEqual([4, 4]);
  });

  it('hears and claims nothing after its stop, and tells until it is closed', async () => {
    await transport.stop();
    expect(fakes.workers.map(({ did }) => did)).toEqual(Array(2).fill(['closes', 'lets go at once']));
    expect(fakes.connections.map(({ ended }) => ended)).toEqual([false, true]);
    transport.wake(0, []);
    transport.wake(300, []);
    transport.wake(0, [task()]);
    transport.slotFreed({ facts: {} } as ClaimedTask);
    expect(clock.timers).toBe(0);
    await clock.advance(2 * SWEEP_MS);
    expect(await asked()).toEqual([]);
    transport.wake(0, [task({ task: 'last' })]);
    await transport.close();
    expect(fakes.queues.flatMap(({ told, closed }) => [told.length, closed])).toEqual([2, true]);
    expect(telling().ended).toBe(true);
  });

  it('notices nothing after its stop, also while Redis is away', async () => {
    await transport.stop();
    telling().breaks();
    transport.noticed();
    transport.wake(0, [task()]);
    expect(await asked()).toEqual([]);
  });

  it('tells of a process that runs nothing', async () => {
    const { packages, queues } = (fakes = new FakePackages());
    const store = { commits: { submit } } as unknown as Store;
    const timers = { show: () => undefined, hide: () => undefined };
    const front = new BullMqTransport({ store, clock, timers }, { connection: {}, prefix: 'shop' }, packages);
    front.open();
    telling().stands();
    front.wake(0, [task()]);
    front.slotFreed({ facts: {} } as ClaimedTask);
    await front.stop();
    await front.close();
    expect([queues.map(({ told }) => told.length), fakes.workers]).toEqual([[1], []]);
  });

  it('waits a second for a Redis that does not answer when it is closed', async () => {
    transport.wake(0, [task()]);
    await clock.settle();
    const [queue] = fakes.queues;
    Object.assign(queue!, { close: () => new Promise(() => undefined) });
    const closed = transport.close();
    await clock.advance(999);
    expect(telling().ended).toBe(false);
    await clock.advance(1);
    await closed;
    expect(telling().ended).toBe(true);
  });
});
