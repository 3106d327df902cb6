import { addMethodMetadata, metadataKey } from '../discovery/metadata.js';
import type {
  OnTaskFailure,
  OnTaskRetry,
  OnTaskSuccess,
  TaskFailureCallback,
  TaskRetryCallback,
  TaskSuccessCallback,
} from './callback.types.js';
import type { CheckTaskClass, CheckTaskMethod } from './task.checks.js';
import type { TaskOptions } from './task.options.js';

/** What `@Task` leaves on a method. */
export const TASK = metadataKey<TaskOptions>('task');

/** The decorator that {@link Task} makes: it fits methods of classes that have what the options name. */
export type TaskDecorator<D extends readonly string[], C> = <T extends object, M>(
  target: T & CheckTaskClass<T, D, C>,
  key: string,
  descriptor: TypedPropertyDescriptor<M> & CheckTaskMethod<M>,
) => void;

/**
 * Makes a method a task of its `@Workflow` class. It is given a `TaskContext` and returns its output: a plain object
 * (laid over what it `set`), nothing, or the context itself, or a promise of one of them. It runs at least once, and its
 * result is written once.
 *
 * What can be wrong is wrong at compile time: a dependency that is no method of the class, a callback that is no method,
 * a parameter that is no context, an output that is no object. The rest (ids that no task has, cycles, bad durations) is
 * reported when the application starts.
 *
 * @param options see {@link TaskOptions}; the defaults are `DEFAULT_TASK_OPTIONS`
 * @example
 * @Task({ dependencies: ['validateFile'], retry: { attempts: 5 }, timeout: '30s' })
 * async processFile(context: TaskContext<{ filename: string }>) { return { size: await sizeOf(context.data.filename) }; }
 */
export function Task<
  const D extends readonly string[] = readonly [],
  const S extends TaskSuccessCallback = OnTaskSuccess['onSuccess'],
  const F extends TaskFailureCallback = OnTaskFailure['onFailure'],
  const R extends TaskRetryCallback = OnTaskRetry['onRetry'],
>(options: TaskOptions<D, S, F, R> = {}): TaskDecorator<D, S | F | R> {
  return (target, key) => addMethodMetadata(TASK, target, key, options as TaskOptions);
}
