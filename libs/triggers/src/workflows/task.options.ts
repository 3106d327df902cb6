import type { Duration } from '../model/duration.js';
import type { TaskFailureCallback, TaskRetryCallback, TaskSuccessCallback } from './callback.types.js';
import { DEFAULT_RETRY_OPTIONS } from './retry.options.js';
import type { RetryOptions } from './retry.options.js';
import type { TaskContext } from './task-context.js';
import type { RunWhen, Upstream } from './workflow.definition.js';

declare const TASK_ID: unique symbol;

/** The id of a task that its method's name does not tell; see {@link taskId}. */
export type TaskId = string & { readonly [TASK_ID]: true };

/**
 * Names a task by an id that has nothing to do with its method's name, for `dependencies`. Whether there is such a task
 * is checked when the application starts.
 *
 * @example @Task({ dependencies: [taskId('extract-v2')] })
 */
export function taskId(id: string): TaskId {
  return id as TaskId;
}

/** `when`, with a context that may be narrowed, as in callbacks. */
interface TaskCondition {
  when(context: TaskContext, upstream: Upstream): boolean | Promise<boolean>;
}

/**
 * Options of `@Task`.
 *
 * @typeParam D the dependencies, read off the options
 * @typeParam S, F, R the callbacks, read off the options
 */
export interface TaskOptions<
  D extends readonly string[] = readonly string[],
  S extends TaskSuccessCallback = TaskSuccessCallback,
  F extends TaskFailureCallback = TaskFailureCallback,
  R extends TaskRetryCallback = TaskRetryCallback,
> {
  /** The id of the task in its workflow: a letter and up to 99 letters, digits, `_`, `.`, `-`. @default the method's name */
  readonly id?: string;
  /**
   * The tasks that end before this one starts: names of methods of the class, their snake_case forms, or
   * {@link taskId}. An id that a task was given goes before a method's name. @default none
   */
  readonly dependencies?: D;
  /** Told after the commit that the task has completed; at least once; its errors change nothing. */
  readonly onSuccess?: S;
  /** Told after the commit that the task has failed for good; at least once; its errors change nothing. */
  readonly onFailure?: F;
  /** Told that an attempt failed and another one follows; its errors change nothing. */
  readonly onRetry?: R;
  /** How the task is tried again. @default DEFAULT_RETRY_OPTIONS */
  readonly retry?: RetryOptions;
  /** How long one attempt may take; `'none'` for no limit. @default DEFAULT_TASK_OPTIONS.timeout */
  readonly timeout?: Duration | 'none';
  /** How the dependencies must have ended. @default DEFAULT_TASK_OPTIONS.runWhen */
  readonly runWhen?: RunWhen;
  /** Asked when the task could start; `false` skips it. @default always */
  readonly when?: TaskCondition['when'];
  /**
   * The pool of the task: only processes whose `worker.pools` names it run it, so that work which needs a special machine
   * waits for one. It takes no part in the shape of the workflow, so a deploy may move a task to another pool: what waits
   * for its dependencies goes to the new pool when it becomes ready, what is ready in the old one is moved by the
   * first process of the new version that claims it or finds that nobody serves the old pool.
   *
   * @default DEFAULT_TASK_OPTIONS.pool
   */
  readonly pool?: string;
}

/** The defaults of {@link TaskOptions}. */
export const DEFAULT_TASK_OPTIONS = {
  dependencies: [],
  retry: DEFAULT_RETRY_OPTIONS,
  timeout: '30m',
  runWhen: 'allSucceeded',
  pool: 'default',
} as const satisfies TaskOptions;
