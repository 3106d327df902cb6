import { Logger } from '@nestjs/common';
import type { ClaimedTask } from '../store/claimer.js';
import type { TaskDefinition, WorkflowDefinition } from '../workflows/workflow.definition.js';
import { TaskRun } from './task-run.js';
import type { AbortCause } from './task-run.js';

const newRun = (): TaskRun =>
  new TaskRun(
    { task: 'read', facts: { executionId: 'e1' }, place: { ancestors: [] } } as unknown as ClaimedTask,
    {} as WorkflowDefinition,
    { timeoutMs: 5 } as TaskDefinition,
    7,
    () => undefined,
    new Logger('files.read'),
  );

describe('one attempt of a task', () => {
  it('remembers when it began', () => {
    expect(newRun().startedAtMs).toBe(7);
  });

  it.each<[AbortCause, string]>([
    ['timeout', 'TRG_TASK_TIMEOUT'],
    ['cancelled', 'TRG_API_CONFLICT'],
    ['stopping', 'TRG_ENG_STOPPED'],
    ['leaseLost', 'TRG_ENG_LEASE_LOST'],
  ])('that is told to stop for %s says so by %s, to whoever looked before and after', (cause, code) => {
    const run = newRun();
    const before = run.signal();
    expect(before.aborted).toBe(false);
    run.abort(cause);
    const late = newRun();
    late.abort(cause);
    for (const signal of [before, run.signal(), late.signal()]) {
      expect(signal.aborted).toBe(true);
      expect(signal.reason).toMatchObject({ code, message: expect.stringContaining('Task "read" of execution "e1"') });
    }
  });

  it('has one signal', () => {
    const run = newRun();
    expect(run.signal()).toBe(run.signal());
  });

  it('is told once: the first cause counts', () => {
    const run = newRun();
    const signal = run.signal();
    run.abort('timeout');
    run.abort('cancelled');
    expect([run.abortCause, signal.reason]).toMatchObject(['timeout', { code: 'TRG_TASK_TIMEOUT' }]);
  });
});
