import { Logger } from '@nestjs/common';
import { currentCause } from '../model/causation.js';
import { EventBus } from '../model/events.js';
import type { TriggersEvent } from '../model/events.js';
import type { ExecutionId, LeaseToken, TaskExecutionId } from '../model/ids.js';
import type { ClaimedTask } from '../store/claimer.js';
import type { Store } from '../store/store.service.js';
import { TestClock } from '../testing/test-clock.js';
import type { TaskContext } from '../workflows/task-context.js';
import type { WorkflowDefinition } from '../workflows/workflow.definition.js';
import type { WorkflowRegistry } from '../workflows/workflow.registry.js';
import { gate } from './engine.contract.js';
import type { ServedPools } from './served-pools.service.js';
import type { TaskFinisher } from './task-finisher.service.js';
import type { BodyEnd, TaskRun } from './task-run.js';
import { ABORT_GRACE_MS, TaskRunner } from './task-runner.service.js';

const TOKEN = 'token' as LeaseToken;
const FIRST = 'e1' as ExecutionId;

const idOf = (executionId: ExecutionId): TaskExecutionId => `${executionId}/read` as TaskExecutionId;
const claimed = (executionId: ExecutionId = FIRST, given: object = {}): ClaimedTask =>
  ({
    facts: { executionId, workflow: 'files', hash: 'h1', depth: 3, input: '{"a":1}' },
    id: idOf(executionId),
    task: 'read',
    attempt: 1,
    token: TOKEN,
    place: { dependencies: [], ancestors: ['check', 'none'] },
    outputs: new Map([['check', '{"b":2}']]),
    ...given,
  }) as unknown as ClaimedTask;

describe('TaskRunner', () => {
  let clock: TestClock;
  let runner: TaskRunner;
  let events: TriggersEvent[];
  let freed: ClaimedTask[];
  let ends: { readonly task: TaskRun; readonly end: BodyEnd; readonly stopping: boolean }[];
  let finish: jest.Mock;
  let release: jest.Mock;
  let body: (context: TaskContext) => unknown;
  let task: { when: (() => unknown) | undefined; timeoutMs: number | null; pool: string };
  let shown: string[];

  beforeEach(() => {
    clock = new TestClock();
    [events, freed, ends, shown] = [[], [], [], []];
    body = () => undefined;
    const bus = new EventBus(
      () => 0,
      () => undefined,
    );
    bus.subscribe((event) => events.push(event));
    const invoke = async ([context]: readonly [TaskContext]): Promise<unknown> => body(context);
    task = { when: undefined, timeoutMs: 5_000, pool: 'default' };
    const declared = Object.assign(task, { id: 'read', method: { invoke } });
    const workflow = { name: 'files', tasks: [declared] } as unknown as WorkflowDefinition;
    const byHash = (name: string, hash: string) => (`${name}:${hash}` === 'files:h1' ? workflow : undefined);
    finish = jest.fn(async (run: TaskRun, end: BodyEnd, stopping: boolean) => ends.push({ task: run, end, stopping }));
    release = jest.fn(async () => undefined);
    runner = new TaskRunner(
      clock,
      bus,
      { read: async () => [] } as unknown as Store,
      { byHash } as unknown as WorkflowRegistry,
      { finish, release } as unknown as TaskFinisher,
      { has: (pool: string) => pool !== 'gpu' } as ServedPools,
      { show: (name) => shown.push(name), hide: () => undefined },
    );
    runner.onSlotFree = (task) => freed.push(task);
  });

  it('hands the end of a body on, frees its slot, and forgets it when its result is written', async () => {
    const written = gate();
    finish.mockReturnValueOnce(written.opened);
    body = () => ({ c: 3 });
    const given = claimed();
    runner.run(given);
    expect([runner.holds(idOf(FIRST), TOKEN), freed]).toEqual([true, []]);
    await clock.settle();
    expect(finish).toHaveBeenCalledWith(
      expect.objectContaining({ claimed: given }),
      { kind: 'returned', value: { c: 3 } },
      false,
    );
    expect([runner.holds(idOf(FIRST), TOKEN), freed]).toEqual([true, [given]]);
    written.open();
    await clock.settle();
    expect([runner.holds(idOf(FIRST), TOKEN), runner.executions().size, clock.timers]).toEqual([false, 0, 0]);
  });

  it.each<[string, () => unknown, object]>([
    ['runs', () => true, { kind: 'returned' }],
    ['runs', async () => true, { kind: 'returned' }],
    ['runs', () => undefined, { kind: 'returned' }],
    ['is skipped', () => false, { kind: 'skipped' }],
    ['is skipped', async () => false, { kind: 'skipped' }],
    ['fails', () => Promise.reject(new Error('broken')), { kind: 'threw', error: expect.any(Error) }],
  ])('%s where its condition says so: %p', async (_what, when, end) => {
    task.when = when;
    runner.run(claimed());
    await clock.settle();
    expect(ends).toMatchObject([{ end }]);
  });

  it('knows its runs by the id of their task execution and its token', () => {
    body = () => gate().opened;
    runner.run(claimed());
    const held = [
      runner.holds(idOf(FIRST), TOKEN),
      runner.holds(idOf('e2' as ExecutionId), TOKEN),
      runner.holds(idOf(FIRST), 'other' as LeaseToken),
    ];
    expect(held).toEqual([true, false, false]);
    runner.run(claimed('e2' as ExecutionId));
    expect(runner.executions()).toEqual(new Set([FIRST, 'e2']));
  });

  it('tells that a task has started, and shows it input, outputs and a logger of its name', async () => {
    let seen: TaskContext | undefined;
    let cause: unknown;
    body = (context) => void ([seen, cause] = [context, currentCause()]);
    runner.run(claimed());
    expect(events).toMatchObject([
      { name: 'task.started', executionId: FIRST, workflow: 'files', task: 'read', attempt: 1 },
    ]);
    await clock.settle();
    expect([seen?.data, seen?.taskId, seen?.attempt]).toEqual([{ a: 1, b: 2 }, 'read', 1]);
    expect(cause).toEqual({ executionId: FIRST, depth: 3 });
    expect(seen?.logger).toMatchObject({ context: 'files.read' });
    const { logger } = seen as TaskContext;
    runner.run(claimed());
    await clock.settle();
    expect(seen?.logger).toBe(logger);
  });

  it('tells how far a body is', async () => {
    body = (context) => (context.progress(0.5, 'half'), context.progress(1));
    runner.run(claimed());
    await clock.settle();
    const of = { name: 'task.progress', executionId: FIRST, workflow: 'files', task: 'read' };
    expect(events.slice(1)).toMatchObject([
      { ...of, fraction: 0.5, note: 'half' },
      { ...of, fraction: 1, note: null },
    ]);
  });

  it.each([
    ['whose workflow it does not declare in that shape', { facts: { ...claimed().facts, hash: 'h2' } }],
    ['that its workflow does not have', { task: 'gone' }],
  ])('puts a task back %s, and frees its slot', (_what, given) => {
    const claim = claimed(FIRST, given);
    runner.run(claim);
    expect([release.mock.calls, freed, events]).toEqual([[[claim, null]], [claim], []]);
  });

  it('puts a task back that belongs into another pool by now, and frees its slot', () => {
    task.pool = 'gpu';
    const claim = claimed();
    runner.run(claim);
    expect([release.mock.calls, freed, events]).toEqual([[[claim, 'gpu']], [claim], []]);
  });

  it('forgets a run whose result could not be written, and says so', async () => {
    const error = jest.spyOn(Logger.prototype, 'error').mockReturnValue();
    finish.mockRejectedValueOnce(new Error('away'));
    runner.run(claimed());
    await clock.settle();
    expect([runner.executions().size, freed.length]).toEqual([0, 1]);
    expect(error).toHaveBeenCalledWith(expect.stringMatching(/"read".*away/));
    error.mockRestore();
  });

  it('tells the bodies of one execution to stop, and whether there are any', () => {
    body = () => gate().opened;
    const signals: AbortSignal[] = [];
    body = ({ signal }) => (signals.push(signal), gate().opened);
    runner.run(claimed());
    runner.run(claimed('e2' as ExecutionId));
    expect([
      runner.abortExecution(FIRST, 'cancelled'),
      runner.abortExecution('e3' as ExecutionId, 'cancelled'),
    ]).toEqual([true, false]);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
  });

  it('drops everything when the lease is lost: slots are free, results count no more', async () => {
    const working = gate();
    let signal: AbortSignal | undefined;
    body = (context) => ((signal = context.signal), working.opened);
    runner.run(claimed());
    runner.abandonAll();
    expect(signal?.reason).toMatchObject({ code: 'TRG_ENG_LEASE_LOST' });
    expect([freed.length, runner.executions().size]).toEqual([1, 0]);
    working.open();
    await clock.advance(60_000);
    expect([ends, freed.length, runner.zombies]).toEqual([[], 1, 0]);
  });

  it('frees a slot once where the lease is lost while a result is written, and keeps the run that came after', async () => {
    const written = gate();
    finish.mockReturnValueOnce(written.opened);
    runner.run(claimed());
    await clock.settle();
    runner.abandonAll();
    expect(freed).toHaveLength(1);
    body = () => gate().opened;
    const again = 'again' as LeaseToken;
    runner.run(claimed(FIRST, { token: again }));
    written.open();
    await clock.settle();
    expect([runner.holds(idOf(FIRST), again), freed.length]).toEqual([true, 1]);
  });

  it('waits for nobody where nothing runs', async () => {
    const idle = jest.fn();
    void runner.whenIdle().then(idle);
    await clock.settle();
    expect(idle).toHaveBeenCalledTimes(1);
  });

  it('is idle when the last of several results is written', async () => {
    const [one, other] = [gate(), gate()];
    const idle = jest.fn();
    body = () => one.opened;
    runner.run(claimed());
    body = () => other.opened;
    runner.run(claimed('e2' as ExecutionId));
    for (let asked = 0; asked < 2; asked += 1) void runner.whenIdle().then(idle);
    one.open();
    await clock.settle();
    expect(idle).not.toHaveBeenCalled();
    other.open();
    await clock.settle();
    expect(idle).toHaveBeenCalledTimes(2);
  });

  it('stops as soon as the last result is written, until it begins again', async () => {
    const working = gate();
    body = () => working.opened;
    runner.run(claimed());
    const stopped = jest.fn();
    void runner.stop(20_000).then(stopped);
    await clock.advance(2_000);
    working.open();
    await clock.settle();
    expect([stopped.mock.calls.length, clock.timers]).toEqual([1, 0]);
    expect(ends).toMatchObject([{ end: { kind: 'returned' }, stopping: true }]);
    runner.begin();
    runner.run(claimed());
    await clock.settle();
    expect(ends[1]).toMatchObject({ stopping: false });
  });

  it.each([
    ['a timeout', 5_000],
    ['none', null],
  ])(
    'tells bodies with %s to stop after the drain, puts back a second later what does not',
    async (_what, timeoutMs) => {
      task.timeoutMs = timeoutMs;
      let signal: AbortSignal | undefined;
      body = (context) => ((signal = context.signal), gate().opened);
      runner.run(claimed());
      const stopped = jest.fn();
      void runner.stop(3_000).then(stopped);
      await clock.advance(2_999);
      expect(signal?.aborted).toBe(false);
      await clock.advance(1);
      expect([signal?.aborted, signal?.reason]).toMatchObject([true, { code: 'TRG_ENG_STOPPED' }]);
      await clock.advance(ABORT_GRACE_MS - 1);
      expect(ends).toEqual([]);
      await clock.advance(1);
      expect(ends).toMatchObject([{ end: { kind: 'threw' }, stopping: true, task: { abortCause: 'stopping' } }]);
      expect([stopped.mock.calls.length, clock.timers]).toEqual([1, 0]);
    },
  );

  it('gives commits that wait for a database two seconds more, and no longer', async () => {
    finish.mockReturnValue(gate().opened);
    runner.run(claimed());
    const stopped = jest.fn();
    void runner.stop(3_000).then(stopped);
    await clock.advance(3_000 + ABORT_GRACE_MS + 1_999);
    expect(stopped).not.toHaveBeenCalled();
    await clock.advance(1);
    expect([stopped.mock.calls.length, finish.mock.calls.length, clock.timers]).toEqual([1, 1, 0]);
  });

  it('fails the attempt of a body that ignores its timeout a second later, and counts it until it returns', async () => {
    const stuck = gate();
    body = () => stuck.opened;
    runner.run(claimed());
    await clock.advance(5_000 + ABORT_GRACE_MS - 1);
    expect([ends, runner.zombies]).toEqual([[], 0]);
    await clock.advance(1);
    expect(events.at(-1)).toMatchObject({
      name: 'task.zombie',
      executionId: FIRST,
      workflow: 'files',
      task: 'read',
      zombies: 1,
    });
    expect(ends).toMatchObject([{ end: { kind: 'threw' }, stopping: false, task: { abortCause: 'timeout' } }]);
    expect([runner.zombies, freed.length]).toEqual([1, 1]);
    stuck.open();
    await clock.settle();
    expect([runner.zombies, ends.length, freed.length]).toEqual([0, 1, 1]);
  });

  it('shows its timer, and has none for a task without a timeout', async () => {
    task.timeoutMs = null;
    const working = gate();
    body = () => working.opened;
    runner.run(claimed());
    await clock.advance(86_400_000);
    expect([shown, ends, clock.timers]).toEqual([[], [], 0]);
    working.open();
    await clock.settle();
    expect(ends).toHaveLength(1);
    task.timeoutMs = 5_000;
    runner.run(claimed('e2' as ExecutionId));
    expect([shown, clock.timers]).toEqual([['triggers:tasks'], 1]);
  });

  it('knows no timeout of a body that has returned', async () => {
    const written = gate();
    finish.mockReturnValueOnce(written.opened);
    runner.run(claimed());
    await clock.advance(60_000);
    expect([runner.zombies, finish.mock.calls.length]).toEqual([0, 1]);
    written.open();
    await clock.settle();
  });
});
