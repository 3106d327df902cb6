import { Logger } from '@nestjs/common';
import type { EndListener } from '../model/end-listener.js';
import { EventBus } from '../model/events.js';
import type { ExecutionId, LeaseToken } from '../model/ids.js';
import type { ClaimedTask } from '../store/claimer.js';
import type { FinishItem } from '../store/commits/finish.commit.js';
import type { PutBackItem } from '../store/commits/put-back.commit.js';
import type { Store } from '../store/store.service.js';
import { TestClock } from '../testing/test-clock.js';
import type { TaskDefinition, WorkflowDefinition } from '../workflows/workflow.definition.js';
import type { EndTeller } from './end-teller.service.js';
import type { NodeLease } from './node-lease.service.js';
import { TaskCommits, WRITTEN } from './task-commits.contract.js';
import { MAX_ATTEMPT_RECORDS, TaskFinisher } from './task-finisher.service.js';
import { TaskRun } from './task-run.js';
import type { AbortCause, BodyEnd } from './task-run.js';

const BROKEN = new TypeError('broken');
const HELD = { executionId: 'e1' as ExecutionId, task: 'read', token: 'token' as LeaseToken };
const BEGAN = '2026-01-01T00:00:00.000Z';
const ENDED = '2026-01-01T00:00:05.000Z';

describe('TaskFinisher', () => {
  let finished: FinishItem[];
  let putBack: PutBackItem[];
  let isTaken: boolean;
  let retries: boolean;
  let told: unknown[];
  let teller: jest.Mock;
  let finisher: TaskFinisher;

  beforeEach(() => {
    told = [];
    [isTaken, retries] = [false, false];
    const commits = new TaskCommits(() => isTaken);
    ({ putBack, finished } = commits);
    teller = jest.fn();
    const bus = new EventBus(
      () => 0,
      () => undefined,
    );
    bus.subscribe(({ at: _at, ...event }) => told.push(event));
    finisher = new TaskFinisher(
      { commits } as unknown as Store,
      new TestClock(ENDED),
      bus,
      { nodeId: 'n1' } as NodeLease,
      { tell: teller } as unknown as EndTeller,
      { taskEnded: (end: object) => told.push(end) } as unknown as EndListener,
    );
  });

  const runOf = (abortCause?: AbortCause, callbacks: object = {}, attempts: object[] = []): TaskRun => {
    const facts = { executionId: 'e1', workflow: 'files', hash: 'h1', depth: 0, input: '{}' };
    const place = { dependencies: [], ancestors: [] };
    const claimed = { facts, task: 'read', token: 'token', attempt: 3, place, outputs: new Map(), attempts };
    const definition = { retry: { next: () => (retries ? 7_000 : null) }, timeoutMs: 100, pool: 'gpu', callbacks };
    const run = new TaskRun(
      claimed as unknown as ClaimedTask,
      { callbacks: { onFailure: 'tell' } } as unknown as WorkflowDefinition,
      definition as unknown as TaskDefinition,
      Date.parse(BEGAN),
      () => undefined,
      new Logger('files.read'),
    );
    if (abortCause) run.abort(abortCause);
    return run;
  };
  const threw: BodyEnd = { kind: 'threw', error: BROKEN };
  const returned: BodyEnd = { kind: 'returned', value: { b: 1 } };
  const released = { ...HELD, why: 'release', delayMs: 0, error: null, attempts: null, pool: 'gpu' };

  it.each<[string, BodyEnd, AbortCause | undefined, boolean, object]>([
    [
      'one that returned',
      returned,
      undefined,
      false,
      { state: 'completed', output: '{"b":1}', error: null, reason: null },
    ],
    ['one that returned during a stop', returned, 'stopping', true, { state: 'completed' }],
    ['one that returned although it was cancelled', returned, 'cancelled', false, { state: 'completed' }],
    [
      'one that was not wanted',
      { kind: 'skipped' },
      undefined,
      false,
      { state: 'skipped', error: null, reason: 'when' },
    ],
    [
      'one that threw',
      threw,
      undefined,
      false,
      { state: 'failed', output: null, error: { message: 'broken' }, reason: null },
    ],
    [
      'one that threw after it was cancelled',
      threw,
      'cancelled',
      false,
      { state: 'cancelled', reason: 'cancelled', error: null },
    ],
    [
      'one that returned too late',
      returned,
      'timeout',
      false,
      { state: 'failed', output: null, error: { code: 'TRG_TASK_TIMEOUT' } },
    ],
    ['one that threw too late', threw, 'timeout', false, { state: 'failed', error: { code: 'TRG_TASK_TIMEOUT' } }],
    [
      'one that threw too late during a stop',
      threw,
      'timeout',
      true,
      { state: 'failed', error: { code: 'TRG_TASK_TIMEOUT' } },
    ],
    [
      'one that returned what is no output',
      { kind: 'returned', value: 5 },
      undefined,
      false,
      { state: 'failed', error: { code: 'TRG_TASK_OUTPUT' } },
    ],
  ])('ends %s', async (_what, end, cause, stopping, item) => {
    const run = runOf(cause);
    await finisher.finish(run, end, stopping);
    expect([finished, putBack, told]).toMatchObject([[item], [], []]);
    expect(finished[0]?.claimed).toBe(run.claimed);
    expect(teller.mock.calls[0]?.slice(0, 3)).toEqual([finished[0], WRITTEN, run.context.logger]);
  });

  it('tells callbacks of what failed the error that was thrown', async () => {
    await finisher.finish(runOf(), threw, false);
    expect(teller.mock.calls[0]?.at(-1)).toBe(BROKEN);
  });

  it.each([
    ['is told to stop', 'stopping'],
    ['throws', undefined],
  ] as const)('puts a body back that %s during a stop', async (_what, cause) => {
    await finisher.finish(runOf(cause), threw, true);
    expect([putBack, finished, told]).toEqual([[released], [], []]);
  });

  it('puts a task back that cannot run here', async () => {
    await finisher.release(runOf().claimed, 'gpu');
    expect([putBack, finished]).toEqual([[released], []]);
  });

  it('puts a failed attempt back for the next, and tells events and callbacks', async () => {
    retries = true;
    const run = runOf();
    await finisher.finish(run, threw, false);
    expect(finished).toEqual([]);
    const error = { name: 'TypeError', message: 'broken' };
    const record = { attempt: 3, startedAt: BEGAN, finishedAt: ENDED, error, node: 'n1' };
    expect(putBack).toMatchObject([{ ...HELD, why: 'retry', delayMs: 7_000, error, attempts: [record], pool: 'gpu' }]);
    const which = { executionId: 'e1', workflow: 'files', task: 'read' };
    expect(told).toEqual([
      { name: 'task.retrying', ...which, attempt: 3, error: 'broken', delayMs: 7_000 },
      { ...which, kind: 'onRetry', error: BROKEN, context: run.context },
    ]);
  });

  it('tells callbacks an error whatever was thrown', async () => {
    retries = true;
    await finisher.finish(runOf(), { kind: 'threw', error: 'no' }, false);
    expect(told[1]).toMatchObject({ error: new Error('no') });
  });

  it.each([
    ['a retry', false],
    ['a release', true],
  ])('ends what cannot be put back for %s, because it was cancelled meanwhile', async (_what, stopping) => {
    [retries, isTaken] = [true, true];
    await finisher.finish(runOf(), threw, stopping);
    expect([putBack.length, finished]).toMatchObject([1, [{ state: 'cancelled', reason: 'cancelled' }]]);
    expect(told).toEqual([]);
  });

  it('remembers the last twenty failed attempts', async () => {
    const before = Array.from({ length: MAX_ATTEMPT_RECORDS }, (_, attempt) => ({ attempt }));
    await finisher.finish(runOf(undefined, {}, before), threw, false);
    expect(finished[0]?.attempts).toMatchObject([...before.slice(1), { attempt: 3 }]);
    expect(finished[0]?.attempts[19]?.error).not.toHaveProperty('stack');
    await finisher.finish(runOf(undefined, {}, before), returned, false);
    expect(finished[1]?.attempts).toEqual(before);
  });

  it.each<[string, BodyEnd, AbortCause | undefined, string[], FinishItem['callback']]>([
    ['completes', returned, undefined, ['onSuccess'], 'onSuccess'],
    ['completes', returned, undefined, ['onFailure'], null],
    ['fails', threw, undefined, ['onFailure'], 'onFailure'],
    ['fails', threw, undefined, ['onSuccess'], null],
    ['is cancelled', threw, 'cancelled', ['onSuccess', 'onFailure'], null],
    ['is skipped', { kind: 'skipped' }, undefined, ['onSuccess', 'onFailure'], null],
  ])('has of a task that %s the callback told that is meant', async (_what, end, cause, declared, callback) => {
    const callbacks = Object.fromEntries(declared.map((name) => [name, 'method']));
    await finisher.finish(runOf(cause, callbacks), end, false);
    expect(finished).toMatchObject([{ callback, workflowCallbacks: { onFailure: 'tell' } }]);
  });
});
