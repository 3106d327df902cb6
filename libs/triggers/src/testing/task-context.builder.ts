import { Logger } from '@nestjs/common';
import { AttemptContext } from '../engine/task-context.impl.js';
import { contextToJson } from '../model/context.js';
import { newId } from '../model/ids.js';
import type { ExecutionId, FiringId } from '../model/ids.js';
import type { TaskContext } from '../workflows/task-context.js';

/** What a task was told of its progress by its body. */
export interface ToldProgress {
  readonly fraction: number;
  readonly note: string | undefined;
}

/** What a test says of a task; the rest is filled in. */
export interface TaskContextOptions<T extends object> extends Partial<
  Pick<TaskContext<T>, 'taskId' | 'workflow' | 'trigger' | 'attempt' | 'signal' | 'logger'>
> {
  /** The input with the outputs of earlier tasks. It goes through JSON, as always. @default {} */
  readonly data?: T;
  readonly executionId?: string;
}

/** The context of a task that runs without an application, and what its body did with it. */
export type TestTaskContext<T extends object = Record<string, unknown>> = TaskContext<T> & {
  /** What the body has `set`, by key. */
  readonly written: ReadonlyMap<string, unknown>;
  /** What the body told of its progress, in order. */
  readonly told: readonly ToldProgress[];
};

/**
 * What a task is called with, for a test that calls it like any other method.
 *
 * @throws TRG_CONTEXT_* for data that no firing could carry
 * @example expect(new Greeting().greet(taskContext({ data: { name: 'Ada' } }))).toEqual({ text: 'Hello Ada' });
 */
export function taskContext<T extends object = Record<string, unknown>>(
  given: TaskContextOptions<T> = {},
): TestTaskContext<T> {
  const { taskId = 'task', workflow = 'workflow', attempt = 1, signal = new AbortController().signal } = given;
  const told: ToldProgress[] = [];
  const facts = {
    executionId: (given.executionId ?? newId()) as ExecutionId,
    workflow,
    trigger: given.trigger ?? null,
    hash: '',
    firingId: newId<FiringId>(),
    kind: 'direct',
    depth: 0,
    siblings: 1,
    dedup: null,
    input: contextToJson(given.data && { ...given.data }, { what: 'The data of taskContext()' }),
  } as const;
  const context = new AttemptContext(facts, [], given.logger ?? new Logger(`${workflow}.${taskId}`), {
    taskId,
    attempt,
    signal: () => signal,
    progress: (fraction, note) => void told.push({ fraction, note }),
  });
  return Object.assign(context, { told });
}
