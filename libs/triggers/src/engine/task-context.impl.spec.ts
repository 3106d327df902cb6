import { Logger } from '@nestjs/common';
import type { ExecutionId } from '../model/ids.js';
import type { ExecutionFacts } from '../store/claimer.js';
import { AttemptContext } from './task-context.impl.js';

const facts = {
  executionId: 'e1' as ExecutionId,
  workflow: 'files',
  trigger: 'inbox',
  input: '{"file":{"name":"a"},"n":1}',
} as unknown as ExecutionFacts;

describe('the context of an attempt', () => {
  const told: unknown[] = [];
  const logger = new Logger('files');
  const { signal } = new AbortController();
  const handle = {
    taskId: 'write',
    attempt: 2,
    signal: () => signal,
    progress: (...args: unknown[]) => told.push(args),
  };
  const context = (): AttemptContext => new AttemptContext(facts, ['{"file":{"size":3}}', '{"n":2}'], logger, handle);

  it('shows the input with every output laid over it, parsed once', () => {
    const seen = context();
    expect(seen.data).toEqual({ file: { name: 'a', size: 3 }, n: 2 });
    expect(seen.data).toBe(seen.data);
  });

  it('gets own keys of the data only, and the fallback for what is absent', () => {
    const seen = context();
    expect([seen.get('n'), seen.get('n', 9), seen.get('none'), seen.get('none', 9)]).toEqual([2, 2, undefined, 9]);
    expect(seen.get('toString', 'own')).toBe('own');
  });

  it('gets what was set instead of the data, also when that is undefined, and leaves the data alone', () => {
    const seen = context();
    seen.set('n', 7);
    seen.set('none', undefined);
    expect([seen.get('n', 9), seen.get('none', 9), seen.data]).toEqual([
      7,
      undefined,
      { file: { name: 'a', size: 3 }, n: 2 },
    ]);
    expect([...seen.written]).toEqual([
      ['n', 7],
      ['none', undefined],
    ]);
  });

  it('says where it belongs', () => {
    const { executionId, workflow, trigger, taskId, attempt, idempotencyKey, logger: named, signal: own } = context();
    expect({ executionId, workflow, trigger, taskId, attempt, idempotencyKey }).toEqual({
      executionId: 'e1',
      workflow: 'files',
      trigger: 'inbox',
      taskId: 'write',
      attempt: 2,
      idempotencyKey: 'e1/write',
    });
    expect([named, own]).toEqual([logger, signal]);
  });

  it('hands on how far the task is', () => {
    context().progress(0.5, 'half');
    expect(told).toEqual([[0.5, 'half']]);
  });
});
