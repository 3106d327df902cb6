import { NonRetryableError, RetryAfterError } from '../model/errors.js';
import type { AttemptRecord } from '../store/claimer.js';
import { Task } from '../workflows/task.decorator.js';
import type { TaskContext } from '../workflows/task-context.js';
import { Workflow } from '../workflows/workflow.decorator.js';
import { DATABASES, useEngineKit } from './engine.contract.js';

let runs: { attempt: number; key: string }[] = [];
let body: (context: TaskContext) => object | void;

@Workflow({ name: 'flaky' })
class Flaky {
  @Task({ retry: { attempts: 4, backoff: 'exponential', delay: '1s', jitter: 'none' } })
  async work(context: TaskContext) {
    runs.push({ attempt: context.attempt, key: context.idempotencyKey });
    return body(context) as object;
  }
}

function failTimes(times: number, error = new Error('not yet')): void {
  body = ({ attempt }) => {
    if (attempt <= times) throw error;
    return { attempt };
  };
}

class Money {
  constructor(readonly amount: number) {}
}

describe.each(DATABASES)('attempts on %s', (database) => {
  const kit = useEngineKit(database);
  beforeEach(() => (runs = []));

  // Cloacina case 91
  it('are repeated after growing waits until one succeeds', async () => {
    failTimes(2);
    const node = await kit().boot([Flaky]);
    const running = node.execute(Flaky);
    await kit().clock.advance(999);
    expect(runs).toHaveLength(1);
    await kit().clock.advance(1);
    expect(runs).toHaveLength(2);
    await kit().clock.advance(1_999);
    expect(runs).toHaveLength(2);
    await kit().clock.advance(1);
    expect(await running).toMatchObject({ state: 'completed', context: { attempt: 3 } });
    expect(node.told('task')).toEqual([
      'task.started',
      'task.retrying',
      'task.started',
      'task.retrying',
      'task.started',
      'task.completed',
    ]);
  });

  it('share one idempotency key', async () => {
    failTimes(2);
    const { executionId } = await (await kit().boot([Flaky])).execute(Flaky, {}, 10_000);
    expect(new Set(runs.map(({ key }) => key))).toEqual(new Set([`${executionId}/work`]));
  });

  it('are listed with their errors and instants when they failed', async () => {
    failTimes(9, Object.assign(new TypeError('broken'), { code: 'E1', secret: 'x' }));
    const node = await kit().boot([Flaky]);
    const start = kit().clock.now();
    expect(await node.execute(Flaky, {}, 60_000)).toMatchObject({
      state: 'failed',
      error: { name: 'TypeError', message: 'broken' },
    });
    const [row] = await node.rows('task');
    const attempts = JSON.parse(row?.['attempts'] as string) as AttemptRecord[];
    expect(attempts.map(({ attempt, startedAt }) => [attempt, Date.parse(startedAt) - start])).toEqual([
      [1, 0],
      [2, 1_000],
      [3, 3_000],
      [4, 7_000],
    ]);
    expect(attempts[0]?.error).toEqual({ name: 'TypeError', message: 'broken', code: 'E1' });
    expect(row?.['error']).not.toContain('secret');
  });

  it('survive a restart in their wait, and go on counting', async () => {
    failTimes(2);
    const first = await kit().boot([Flaky]);
    const id = await first.start(Flaky);
    await kit().clock.settle();
    await kit().shutDown(first, 100);
    const second = await kit().boot([Flaky]);
    await kit().clock.advance(10_000);
    expect(runs.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(await second.rows('execution')).toMatchObject([{ id, state: 'completed' }]);
  });

  // Cloacina case 92
  it('end at once with a NonRetryableError', async () => {
    failTimes(9, new NonRetryableError('hopeless'));
    expect((await (await kit().boot([Flaky])).execute(Flaky, {}, 60_000)).state).toBe('failed');
    expect(runs).toHaveLength(1);
  });

  it('wait as long as a RetryAfterError asks', async () => {
    failTimes(1, new RetryAfterError(30_000));
    const running = (await kit().boot([Flaky])).execute(Flaky);
    await kit().clock.advance(29_999);
    expect(runs).toHaveLength(1);
    await kit().clock.advance(1);
    expect((await running).state).toBe('completed');
  });

  it.each<[string, () => unknown, string]>([
    ['a number', () => 5, 'returned a number'],
    ['an array', () => [1], 'returned an array'],
    ['a class instance', () => new Money(1), 'returned a class instance'],
    ['what JSON cannot carry', () => ({ when: { at: 1n } }), '"when.at" is a bigint'],
    ['more than 1 MiB', () => ({ text: 'x'.repeat(1_048_576) }), 'at most 1048576 are taken'],
  ])('are not repeated for an output that is %s', async (_what, output, message) => {
    body = output as typeof body;
    const result = await (await kit().boot([Flaky])).execute(Flaky, {}, 60_000);
    expect(result).toMatchObject({
      state: 'failed',
      error: { code: 'TRG_TASK_OUTPUT', message: expect.stringContaining(message) },
    });
    expect(runs).toHaveLength(1);
  });

  it('keep what a task set only if they succeed', async () => {
    body = (context) => {
      context.set(`tried${context.attempt}`, true);
      if (context.attempt === 1) throw new Error('no');
    };
    const { context } = await (await kit().boot([Flaky])).execute(Flaky, {}, 5_000);
    expect(context).toEqual({ tried2: true });
  });

  it('are counted anew by an operator who retries the execution', async () => {
    failTimes(9);
    const { ExecutionControl } = await import('./execution-control.service.js');
    const node = await kit().boot([Flaky]);
    const { executionId } = await node.execute(Flaky, {}, 60_000);
    failTimes(1);
    await node.get(ExecutionControl).retry(executionId, 'ann');
    await kit().clock.advance(10_000);
    expect(runs.slice(4).map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(await node.rows('execution')).toMatchObject([{ state: 'completed', error: null }]);
  });
});
