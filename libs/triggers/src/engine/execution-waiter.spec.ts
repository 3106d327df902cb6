import { Logger } from '@nestjs/common';
import fc from 'fast-check';
import { CallbacksService } from '../callbacks/callbacks.service.js';
import type { EndedExecutions } from '../callbacks/ended-executions.service.js';
import type { EndListener } from '../model/end-listener.js';
import { EventBus } from '../model/events.js';
import { NodeRoles } from '../model/node-roles.js';
import { newId } from '../model/ids.js';
import type { ExecutionId } from '../model/ids.js';
import type { FinishItem, FinishOutcome } from '../store/commits/finish.commit.js';
import type { ToldItem } from '../store/commits/told.commit.js';
import type { Row } from '../store/dialects/batch.js';
import type { Store } from '../store/store.service.js';
import { PROPERTY_TIMEOUT_MS, runs } from '../testing/properties.contract.js';
import { TestClock } from '../testing/test-clock.js';
import type { WorkflowRegistry } from '../workflows/workflow.registry.js';
import { gate } from './engine.contract.js';
import { EndTeller } from './end-teller.service.js';
import { ExecutionWaiter } from './execution-waiter.service.js';

interface Shape {
  /** Of each task: the node that ends it, and what its callback does. */
  readonly tasks: readonly { readonly node: number; readonly callback: Callback }[];
  readonly workflow: Callback;
  /** An operator retries the execution when it has ended: the last task runs once more. */
  readonly isRetried: boolean;
}
type Callback = 'none' | 'returns' | 'throws';
const callbacks = fc.constantFrom<Callback>('none', 'returns', 'throws');
const shapes: fc.Arbitrary<Shape> = fc.record({
  tasks: fc.array(fc.record({ node: fc.nat({ max: 1 }), callback: callbacks }), { minLength: 1, maxLength: 4 }),
  workflow: callbacks,
  isRetried: fc.boolean(),
});

/** One execution as the rows say it. */
class Rows {
  readonly id = newId<ExecutionId>();
  open: number;
  state = 'running';
  readonly pending = new Set<string | null>();

  constructor(
    readonly shape: Shape,
    readonly scheduler: fc.Scheduler,
  ) {
    this.open = shape.tasks.length;
  }

  get isOver(): boolean {
    return this.state === 'completed' && this.pending.size === 0;
  }

  /** The store, as far as callbacks and waiters use it; everything that it does takes as long as the scheduler wants. */
  asStore(): Store {
    const submit = async (_kind: unknown, { task }: ToldItem): Promise<void> => {
      await this.scheduler.schedule(Promise.resolve(), `told ${task}`);
      this.pending.delete(task);
    };
    const read = async (): Promise<Row[]> => {
      await this.scheduler.schedule(Promise.resolve(), 'read begins');
      const { id, state, pending } = this;
      const tasks = [...pending].filter((task) => task !== null).length;
      const row = { id, state, callback_state: pending.has(null) ? 'pending' : null, telling: tasks };
      await this.scheduler.schedule(Promise.resolve(), 'read ends');
      return [row];
    };
    return { commits: { submit }, read } as unknown as Store;
  }

  /** The commit of the end of a task. */
  end(at: number): FinishOutcome {
    if (this.shape.tasks[at]?.callback !== 'none') this.pending.add(`t${at}`);
    this.open -= 1;
    if (this.open > 0) return { written: true, end: null, skipped: [] };
    this.state = 'completed';
    const callback = this.shape.workflow === 'none' ? null : ('onSuccess' as const);
    if (callback !== null) this.pending.add(null);
    return {
      written: true,
      skipped: [],
      end: { state: 'completed', callback, openTasks: 0, failedTasks: 0, error: null } as never,
    };
  }
}

/** One process: who tells ends, who is told, who waits. */
function nodeOn(rows: Rows, clock: TestClock) {
  const { shape, scheduler, id } = rows;
  const target = (what: Callback, name: string) =>
    what === 'none'
      ? {}
      : {
          onSuccess: {
            label: name,
            call: () =>
              scheduler.schedule(
                what === 'throws' ? Promise.reject(new Error(name)) : Promise.resolve(),
                `callback ${name}`,
              ),
          },
        };
  const workflow = {
    callbacks: target(shape.workflow, 'workflow'),
    tasks: shape.tasks.map(({ callback }, at) => ({ id: `t${at}`, callbacks: target(callback, `t${at}`) })),
  };
  const workflows = { get: () => workflow } as unknown as WorkflowRegistry;
  const ended = {
    view: async () => scheduler.schedule(Promise.resolve({ view: {}, failure: null }), 'view'),
  } as unknown as EndedExecutions;
  const events = new EventBus(
    () => clock.now(),
    () => undefined,
  );
  const timers = { show: () => undefined, hide: () => undefined };
  const store = rows.asStore();
  const listener = new CallbacksService(clock, timers, store, workflows, events, ended, new NodeRoles());
  const waiter = new ExecutionWaiter(store, clock, listener, events);
  const teller = new EndTeller(events, listener);
  const tell = (at: number): void => {
    const facts = { executionId: id, workflow: 'w', input: '{}', trigger: null };
    const claimed = { facts, task: `t${at}`, place: { ancestors: [] }, outputs: new Map(), attempt: 1 };
    const callback = shape.tasks[at]?.callback === 'none' ? null : 'onSuccess';
    const item = {
      claimed,
      state: 'completed',
      output: null,
      error: null,
      reason: null,
      callback,
    } as unknown as FinishItem;
    teller.tell(item, rows.end(at), new Logger('test'), undefined);
  };
  return { waiter, tell };
}

describe('ExecutionWaiter', () => {
  beforeAll(() => Logger.overrideLogger(false));
  afterAll(() => Logger.overrideLogger(new Logger()));

  it(
    'resolves when the execution has ended and every callback has settled, on whichever node and in whatever order',
    async () => {
      await fc.assert(
        fc.asyncProperty(shapes, fc.scheduler(), async (shape, scheduler) => {
          const clock = new TestClock();
          const rows = new Rows(shape, scheduler);
          const nodes = [nodeOn(rows, clock), nodeOn(rows, clock)] as const;
          const tell = async (at: number): Promise<void> => {
            await scheduler.schedule(Promise.resolve(), `t${at} ends`);
            nodes[shape.tasks[at]?.node === 1 ? 1 : 0].tell(at);
          };
          const ask = async (): Promise<boolean> => {
            await scheduler.schedule(Promise.resolve(), 'asks');
            await nodes[0].waiter.ended(rows.id);
            return rows.isOver;
          };
          const told = async (work: Promise<unknown>[]): Promise<unknown[]> => {
            const all = { settled: false };
            const outcome = Promise.all(work).finally(() => (all.settled = true));
            for (let seconds = 0; !all.settled && seconds < 20; seconds += 1) {
              await scheduler.waitIdle();
              await clock.advance(1_000);
            }
            if (!all.settled) throw new Error('It never resolved.');
            return outcome;
          };
          expect((await told([ask(), ask(), ...shape.tasks.map((_, at) => tell(at))])).slice(0, 2)).toEqual([
            true,
            true,
          ]);
          if (shape.isRetried) {
            await scheduler.waitIdle();
            [rows.state, rows.open] = ['running', 1];
            expect((await told([ask(), tell(shape.tasks.length - 1)]))[0]).toBe(true);
          }
          for (const { waiter } of nodes) waiter.onModuleDestroy();
        }),
        runs(150),
      );
    },
    PROPERTY_TIMEOUT_MS,
  );
});

describe('ExecutionWaiter beside rows that answer at once', () => {
  const [id, other] = [newId<ExecutionId>(), newId<ExecutionId>()] as const;
  let clock: TestClock;
  let events: EventBus;
  let waiter: ExecutionWaiter;
  /** What the rows say. */
  let ended: Map<ExecutionId, Row>;
  let reads: ExecutionId[][];
  let hold: Promise<void> | undefined;
  let isAway: boolean;

  beforeEach(() => {
    clock = new TestClock();
    events = new EventBus(
      () => 0,
      () => undefined,
    );
    [ended, reads, hold, isAway] = [new Map(), [], undefined, false];
    const read = async (_batch: unknown, asked: ExecutionId[][]): Promise<Row[]> => {
      const ids = asked.flat();
      reads.push(ids);
      await hold;
      if (isAway) throw new Error('away');
      return ids.map((which) => ended.get(which) ?? rowOf(which, { state: 'running' }));
    };
    const listener = { settled: async () => undefined } as unknown as EndListener;
    waiter = new ExecutionWaiter({ read } as unknown as Store, clock, listener, events);
  });
  const rowOf = (which: ExecutionId, given: Row = {}): Row => ({
    id: which,
    state: 'completed',
    callback_state: null,
    telling: 0,
    ...given,
  });
  const end = (which: ExecutionId): void => {
    ended.set(which, rowOf(which));
    events.emit('execution.completed', { executionId: which, workflow: 'w' });
  };
  const ask = (which = id): jest.Mock => {
    const told = jest.fn();
    waiter.ended(which).then(() => told('ended'), told);
    return told;
  };

  it.each(['execution.completed', 'execution.failed', 'execution.cancelled'] as const)(
    'looks at once when this process tells %s, for whom somebody waits',
    async (name) => {
      const told = ask();
      ended.set(id, rowOf(id));
      events.emit(name, { executionId: other, workflow: 'w', error: '' });
      events.emit(name, { executionId: id, workflow: 'w', error: '' });
      await clock.settle();
      expect([reads, told.mock.calls]).toEqual([[[id]], [['ended']]]);
    },
  );

  it('looks at once for an end of a moment ago, and for nothing else', async () => {
    end(id);
    expect(reads).toEqual([]);
    const [told, waits] = [ask(id), ask(other)];
    await clock.settle();
    expect([reads, told.mock.calls, waits.mock.calls]).toEqual([[[id]], [['ended']], []]);
  });

  it('remembers the last 5,000 ends, and at most as many before them', async () => {
    end(id);
    for (let more = 0; more < 5_000; more += 1) end(newId());
    ask();
    await clock.settle();
    expect(reads).toEqual([[id]]);
    for (let more = 0; more < 5_000; more += 1) end(newId());
    ask();
    await clock.settle();
    expect(reads).toEqual([[id]]);
  });

  it('looks every second for the ends of other nodes, as long as somebody waits', async () => {
    const told = ask();
    ask(other);
    await clock.advance(999);
    expect(reads).toEqual([]);
    await clock.advance(1);
    expect(reads).toEqual([[id, other]]);
    [id, other].forEach((which) => ended.set(which, rowOf(which)));
    await clock.advance(1_000);
    expect([told.mock.calls, reads.length]).toEqual([[['ended']], 2]);
    await clock.advance(5_000);
    expect([reads.length, clock.timers]).toEqual([2, 0]);
  });

  it.each([{ callback_state: 'pending' }, { telling: 1 }, { state: 'running' }])(
    'waits on where the row says %j',
    async (given) => {
      const told = ask();
      ended.set(id, rowOf(id, given));
      await clock.advance(1_000);
      expect(told).not.toHaveBeenCalled();
      ended.set(id, rowOf(id));
      await clock.advance(1_000);
      expect(told).toHaveBeenCalledTimes(1);
    },
  );

  it('asks again a second later what cannot be read now', async () => {
    const told = ask();
    isAway = true;
    end(id);
    await clock.settle();
    isAway = false;
    await clock.advance(999);
    expect(told).not.toHaveBeenCalled();
    await clock.advance(1);
    expect(told.mock.calls).toEqual([['ended']]);
  });

  it('looks together for what ends while it looks', async () => {
    const third = newId<ExecutionId>();
    const asked = [id, other, third].map((which) => ask(which));
    const read = gate();
    hold = read.opened;
    end(id);
    await clock.settle();
    end(other);
    end(third);
    await clock.settle();
    expect(reads).toEqual([[id]]);
    read.open();
    await clock.settle();
    expect(reads).toEqual([[id], [other, third]]);
    expect(asked.map(({ mock }) => mock.calls)).toEqual(Array(3).fill([['ended']]));
    ask(id);
    await clock.settle();
    expect(reads.slice(2)).toEqual([[id]]);
  });

  it('tells everybody who waits that the application stops, and looks no more', async () => {
    const told = [ask(), ask()];
    waiter.onModuleDestroy();
    end(id);
    await clock.settle();
    for (const { mock } of told) expect(mock.calls).toEqual([[expect.objectContaining({ code: 'TRG_ENG_STOPPED' })]]);
    expect([reads, clock.timers]).toEqual([[], 0]);
  });
});
