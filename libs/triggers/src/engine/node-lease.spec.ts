import { hostname } from 'node:os';
import { hushedLogger } from './hushed-logger.contract.js';
import { EventBus } from '../model/events.js';
import type { TriggersEvent } from '../model/events.js';
import { isId } from '../model/ids.js';
import { NodeRoles } from '../model/node-roles.js';
import { PACKAGE_VERSION } from '../model/package-version.js';
import { NodeIdentity } from '../model/node-identity.js';
import type { Step, Work } from '../store/dialects/batch.js';
import type { Store } from '../store/store.service.js';
import { TestClock } from '../testing/test-clock.js';
import type { WorkflowRegistry } from '../workflows/workflow.registry.js';
import type { ResolvedEngineOptions } from './engine.options.js';
import type { ServedPools } from './served-pools.service.js';
import { NodeLease } from './node-lease.service.js';

const LEASE_MS = 30_000;
const RENEWAL_MS = LEASE_MS / 3;

/** The row of one node, as a database keeps it that may be away, slow, or of another time. */
class NodeRow {
  readonly wrote: string[] = [];
  /** What a renewal is answered with; `null`: the row is gone. */
  now: (() => number) | null;
  isAway = false;
  hold: Promise<void> | undefined;

  constructor(private readonly clock: TestClock) {
    this.now = () => this.clock.now();
  }

  async change<R>(work: () => Work<R>): Promise<R> {
    await this.hold;
    if (this.isAway) throw new Error('away');
    const steps = work();
    const step = steps.next().value as Step;
    const given = step.rows[0]?.filter((value) => !isId(String(value)));
    this.wrote.push(`${step.batch.name} ${JSON.stringify(given)}`);
    const rows = step.batch.name === 'node_renew' && this.now ? [{ now_ms: this.now() }] : [];
    return steps.next(rows).value as R;
  }
}

describe('the lease of a node', () => {
  let clock: TestClock;
  let row: NodeRow;
  let lease: NodeLease;
  let identity: NodeIdentity;
  let events: TriggersEvent[];
  let told: string[];
  const listener = {
    renewed: jest.fn(async (late: boolean): Promise<void> => void told.push(late ? 'renewed late' : 'renewed')),
    lost: (): void => void told.push(`lost by ${identity.id === first ? 'the first' : 'another'}`),
  };
  let first: string;
  const { warn, log } = hushedLogger('warn', 'log');

  beforeEach(async () => {
    clock = new TestClock();
    row = new NodeRow(clock);
    identity = new NodeIdentity();
    first = identity.id;
    events = [];
    told = [];
    listener.renewed.mockClear();
    const bus = new EventBus(
      () => 0,
      () => undefined,
    );
    bus.subscribe((event) => events.push(event));
    const store = { change: (work: () => Work<unknown>) => row.change(work), commits: row } as unknown as Store;
    const workflows = { all: () => [{ name: 'files', hash: 'h1' }] } as unknown as WorkflowRegistry;
    const options = { nodeName: 'worker-1', leaseMs: LEASE_MS, concurrency: 7 } as ResolvedEngineOptions;
    const pools = { all: ['default', 'gpu'] } as unknown as ServedPools;
    lease = new NodeLease(store, clock, workflows, bus, identity, new NodeRoles(['api', 'worker']), pools, options);
    expect(lease.isHeld).toBe(false);
    await lease.start(listener);
  });

  it('begins with its row, which says what the node is and can run, and an event', () => {
    const lists = [['files:h1'], ['api', 'worker'], ['default', 'gpu']].map((list) => JSON.stringify(list));
    const said = ['worker-1', LEASE_MS, LEASE_MS, ...lists, 7, hostname(), process.pid, PACKAGE_VERSION];
    expect(row.wrote).toEqual([`node_register ${JSON.stringify(said)}`]);
    expect(events).toMatchObject([{ name: 'node.started', nodeId: first }]);
    expect([lease.isHeld, lease.nodeId, clock.timers]).toEqual([true, first, 1]);
  });

  it('is renewed every third of it, and the listener hears of each', async () => {
    await clock.advance(RENEWAL_MS - 1);
    expect(row.wrote).toHaveLength(1);
    await clock.advance(1 + 2 * RENEWAL_MS);
    expect(row.wrote.slice(1)).toEqual(Array(3).fill('node_renew [30000]'));
    expect(told).toEqual(['renewed', 'renewed', 'renewed']);
  });

  it('is held until it runs out, to the millisecond, while the database is away, and after that lost', async () => {
    row.isAway = true;
    await clock.advance(LEASE_MS - 1);
    expect([lease.isHeld, told]).toEqual([true, []]);
    await clock.advance(1);
    expect([lease.isHeld, told]).toEqual([false, ['lost by the first']]);
    expect(events.map(({ name }) => name)).toEqual(['node.started', 'node.leaseLost']);
    expect(events[1]).toMatchObject({ nodeId: first });
    expect(lease.nodeId).not.toBe(first);
    row.isAway = false;
    await clock.advance(RENEWAL_MS);
    expect(events[2]).toMatchObject({ name: 'node.started', nodeId: lease.nodeId });
    expect([lease.isHeld, told, warn.mock.calls.length]).toEqual([true, ['lost by the first', 'renewed'], 0]);
  });

  it('is said to be tried again while the node cannot come back', async () => {
    row.isAway = true;
    await clock.advance(LEASE_MS + RENEWAL_MS);
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('away'));
    expect([told, clock.timers]).toEqual([['lost by the first'], 1]);
  });

  it('is renewed in time after two thirds of it, and late after more', async () => {
    row.isAway = true;
    await clock.advance(RENEWAL_MS);
    row.isAway = false;
    await clock.advance(RENEWAL_MS);
    expect(told).toEqual(['renewed']);
    // One that is asked for while the database is slow and then away comes five seconds later.
    let answer: () => void = () => undefined;
    row.hold = new Promise((resolve) => (answer = resolve));
    await clock.advance(RENEWAL_MS + 5_000);
    row.isAway = true;
    answer();
    await clock.settle();
    [row.isAway, row.hold] = [false, undefined];
    await clock.advance(RENEWAL_MS);
    expect(told).toEqual(['renewed', 'renewed late']);
  });

  it('counts from the moment that was before the renewal was asked for', async () => {
    let answer: () => void = () => undefined;
    row.hold = new Promise((resolve) => (answer = resolve));
    await clock.advance(RENEWAL_MS + 5_000);
    row.hold = undefined;
    answer();
    await clock.settle();
    row.isAway = true;
    await clock.advance(LEASE_MS - 5_001);
    expect(lease.isHeld).toBe(true);
    await clock.advance(1);
    expect(lease.isHeld).toBe(false);
  });

  it('is lost at once when its row is gone, with a new row under a new identity', async () => {
    row.now = null;
    await clock.advance(RENEWAL_MS);
    expect(told).toEqual(['lost by the first']);
    expect(events.map(({ name }) => name)).toEqual(['node.started', 'node.leaseLost', 'node.started']);
    expect(row.wrote.at(-1)).toContain('node_register');
  });

  it('leaves a renewal out that comes while the listener is busy with the last, and goes on after it', async () => {
    let done: () => void = () => undefined;
    listener.renewed.mockImplementationOnce(() => new Promise((resolve) => (done = resolve)));
    await clock.advance(2 * RENEWAL_MS);
    expect([row.wrote.length, listener.renewed.mock.calls.length]).toEqual([3, 1]);
    done();
    await clock.advance(RENEWAL_MS);
    expect(told).toEqual(['renewed']);
  });

  it.each([
    [6_000, 1],
    [-6_000, 1],
    [5_000, 0],
    [-5_000, 0],
  ])('says once that clocks are %d ms apart: %d times', async (offsetMs, times) => {
    // Besides, a clock that comes from ahead was set back, which is said too.
    const said = (): number[] => [
      warn.mock.calls.filter(([text]) => String(text).includes('is 6 s off')).length,
      log.mock.calls.length,
    ];
    row.now = () => clock.now() + offsetMs;
    await clock.advance(3 * RENEWAL_MS);
    expect(said()).toEqual([times, 0]);
    row.now = () => clock.now();
    await clock.advance(2 * RENEWAL_MS);
    expect(said()).toEqual([times, times]);
  });

  it.each([
    [5_000, []],
    [5_001, ['task_bring_forward']],
  ])('lets nothing wait for the old time of a clock that was set back by %d ms, once', async (backMs, wrote) => {
    await clock.advance(RENEWAL_MS);
    const expected = clock.now() + RENEWAL_MS;
    row.now = () => clock.now() - backMs;
    await clock.advance(RENEWAL_MS);
    const all = wrote.map((name) => `${name} [${expected}]`);
    expect(row.wrote.slice(2)).toEqual(['node_renew [30000]', ...all]);
    await clock.advance(RENEWAL_MS);
    row.now = () => clock.now();
    await clock.advance(RENEWAL_MS);
    expect(row.wrote.slice(3 + wrote.length)).toEqual(Array(2).fill('node_renew [30000]'));
  });

  it('is given back by a stop, and not renewed any more', async () => {
    await lease.stop();
    expect([row.wrote.at(-1), lease.isHeld, clock.timers]).toEqual(['node_delete []', false, 0]);
    await lease.stop();
    await clock.advance(LEASE_MS);
    expect(row.wrote).toHaveLength(2);
    expect(told).toEqual([]);
  });

  it('runs out by itself when the node stops while the database is away', async () => {
    row.isAway = true;
    const change = jest.spyOn(row, 'change');
    await lease.stop();
    expect([change.mock.calls, lease.isHeld]).toEqual([[], false]);
  });

  it('lets nobody wait for, or fail by, a row that cannot be deleted', async () => {
    row.hold = Promise.reject(new Error('just now'));
    await expect(lease.stop()).resolves.toBeUndefined();
  });

  it('is given back as it begins when a stop came before its row was written', async () => {
    await lease.stop();
    let answer: () => void = () => undefined;
    row.hold = new Promise((resolve) => (answer = resolve));
    const started = lease.start(listener);
    await lease.stop();
    answer();
    await started;
    await clock.advance(LEASE_MS);
    expect(row.wrote.slice(2).map((text) => text.split(' ')[0])).toEqual(['node_register', 'node_delete']);
    expect([lease.isHeld, clock.timers, events.length, told]).toEqual([false, 0, 1, []]);
  });

  it('is not renewed again by a stop that comes during a renewal', async () => {
    let answer: () => void = () => undefined;
    row.hold = new Promise((resolve) => (answer = resolve));
    await clock.advance(RENEWAL_MS);
    const stopped = lease.stop();
    answer();
    await stopped;
    await clock.advance(LEASE_MS);
    expect([clock.timers, told]).toEqual([0, []]);
  });
});
