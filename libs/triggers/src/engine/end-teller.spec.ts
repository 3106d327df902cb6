import { Logger } from '@nestjs/common';
import type { EndListener } from '../model/end-listener.js';
import { EventBus } from '../model/events.js';
import type { ExecutionId } from '../model/ids.js';
import type { FinishItem, FinishOutcome } from '../store/commits/finish.commit.js';
import { EndTeller } from './end-teller.service.js';
import type { EndedTaskContext } from './end-teller.service.js';

const WHICH = { executionId: 'e1' as ExecutionId, workflow: 'files' };
const TASK = { ...WHICH, task: 'write' };
const STORED = { name: 'AxiosError', message: 'broken', code: 'ECONNRESET' };

/** How a task ended, of two ancestors of which the first has an output. */
function ended(given: Partial<FinishItem> = {}): FinishItem {
  return {
    claimed: {
      facts: { ...WHICH, trigger: 'inbox', input: '{"a":1}' },
      task: 'write',
      attempt: 2,
      place: { ancestors: ['read', 'check'] },
      outputs: new Map([['read', '{"b":2}']]),
    },
    state: 'completed',
    output: null,
    error: null,
    reason: null,
    callback: null,
    ...given,
  } as unknown as FinishItem;
}

describe('EndTeller', () => {
  let told: unknown[];
  let teller: EndTeller;
  const logger = new Logger('files');

  beforeEach(() => {
    told = [];
    const bus = new EventBus(
      () => 0,
      () => undefined,
    );
    bus.subscribe(({ at: _at, ...event }) => told.push(event));
    const listener: EndListener = {
      taskEnded: (notice) => told.push(['task', notice]),
      executionEnded: (notice) => told.push(['execution', notice]),
      settled: async () => undefined,
    };
    teller = new EndTeller(bus, listener);
  });

  const tell = (item: FinishItem, outcome: Partial<FinishOutcome> = {}, thrown?: unknown): void =>
    teller.tell(item, { written: true, end: null, skipped: [], ...outcome }, logger, thrown);
  /** What the callback of a task is told. */
  const notice = (): Record<string, unknown> => (told.at(-1) as [string, Record<string, unknown>])[1];

  it('tells of a result that came too late nothing else', () => {
    tell(ended({ callback: 'onSuccess' }), {
      written: false,
      skipped: [{ task: 'next', reason: 'when' }],
      end: { state: 'completed', callback: 'onSuccess', error: null } as unknown as FinishOutcome['end'],
    });
    expect(told).toEqual([{ name: 'task.refused', ...TASK }]);
  });

  it.each<[Partial<FinishItem>, object]>([
    [{ state: 'completed' }, { name: 'task.completed' }],
    [
      { state: 'failed', error: STORED },
      { name: 'task.failed', error: 'broken' },
    ],
    [{ state: 'cancelled', reason: 'cancelled' }, { name: 'task.cancelled' }],
    [
      { state: 'skipped', reason: 'when' },
      { name: 'task.skipped', reason: 'when' },
    ],
  ])('tells of a task that ended with %j by its event alone where nobody is called', (item, event) => {
    tell(ended(item));
    expect(told).toEqual([{ ...TASK, ...event }]);
  });

  it('tells the task, then what is skipped because of it, then the end of the execution, its callback first', () => {
    tell(ended({ state: 'failed', error: STORED, callback: 'onFailure' }), {
      skipped: [
        { task: 'next', reason: 'upstream_failed' },
        { task: 'last', reason: 'upstream_failed' },
      ],
      end: { state: 'failed', callback: 'onFailure', error: STORED } as unknown as FinishOutcome['end'],
    });
    expect(told).toMatchObject([
      { name: 'task.failed' },
      ['task', { kind: 'onFailure' }],
      { name: 'task.skipped', ...WHICH, task: 'next', reason: 'upstream_failed' },
      { name: 'task.skipped', ...WHICH, task: 'last', reason: 'upstream_failed' },
      ['execution', { ...WHICH, kind: 'onFailure', error: expect.objectContaining(STORED) }],
      { name: 'execution.failed', ...WHICH, error: 'broken' },
    ]);
  });

  it.each([
    [{ state: 'completed', callback: 'onSuccess', error: null }, 'onSuccess', 'execution.completed'],
    [{ state: 'cancelled', callback: null, error: null }, null, 'execution.cancelled'],
    [{ state: 'failed', callback: null, error: STORED }, null, 'execution.failed'],
  ])('tells of the end %j no error to a callback that takes none', (end, kind, name) => {
    tell(ended(), { end: end as unknown as FinishOutcome['end'] });
    expect(told.slice(1)).toMatchObject([['execution', { ...WHICH, kind, error: null }], { name, ...WHICH }]);
  });

  it('gives a callback the error that was thrown here, and the stored one where it was thrown elsewhere', () => {
    const thrown = new TypeError('broken');
    tell(ended({ state: 'failed', error: STORED, callback: 'onFailure' }), {}, thrown);
    expect(notice()).toMatchObject({ ...TASK, kind: 'onFailure', error: thrown });
    for (const nothing of [undefined, 'text']) {
      tell(ended({ state: 'failed', error: STORED, callback: 'onFailure' }), {}, nothing);
      expect(notice()).toMatchObject({ error: expect.objectContaining(STORED) });
    }
  });

  it('gives a callback no error of a success', () => {
    tell(ended({ callback: 'onSuccess' }), {}, new Error('of an earlier attempt'));
    expect(notice()).toMatchObject({ kind: 'onSuccess', error: null });
  });

  it.each([
    ['{"c":3}', { a: 1, b: 2, c: 3 }],
    [null, { a: 1, b: 2 }],
  ])('gives a callback the context of the task with its own output %s laid over it', (output, data) => {
    tell(ended({ output, callback: 'onSuccess' }));
    const context = notice()['context'] as EndedTaskContext;
    expect(context.data).toEqual(data);
    const { taskId, attempt, executionId, workflow, trigger, idempotencyKey, signal } = context;
    expect({ taskId, attempt, executionId, workflow, trigger, idempotencyKey, aborted: signal.aborted }).toEqual({
      taskId: 'write',
      attempt: 2,
      ...WHICH,
      trigger: 'inbox',
      idempotencyKey: 'e1/write',
      aborted: false,
    });
    expect(context.logger).toBe(logger);
  });

  it('lets a callback set nothing any more', () => {
    tell(ended({ callback: 'onSuccess' }));
    const context = notice()['context'] as EndedTaskContext;
    context.set();
    context.progress();
    expect(context.data).toEqual({ a: 1, b: 2 });
  });
});
