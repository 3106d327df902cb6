import type { ExecutionView, TaskContext } from './task-context.js';

/** A provider that is told when a task has completed. */
export interface OnTaskSuccess {
  onSuccess(taskId: string, context: TaskContext): unknown;
}

/** A provider that is told when a task has failed for good. */
export interface OnTaskFailure {
  onFailure(taskId: string, error: Error, context: TaskContext): unknown;
}

/** A provider that is told when an attempt failed and another one follows. */
export interface OnTaskRetry {
  onRetry(taskId: string, error: Error, context: TaskContext): unknown;
}

/** A provider that is told when an execution has completed. */
export interface OnWorkflowSuccess {
  onSuccess(workflow: string, context: ExecutionView): unknown;
}

/** A provider that is told when an execution has failed. */
export interface OnWorkflowFailure {
  onFailure(workflow: string, error: Error, context: ExecutionView): unknown;
}

type ProviderOf<T extends object> = abstract new (...args: never[]) => T;

/**
 * Who is told: a function, the name of a method of the same class, or a provider class with a method of the
 * callback's name. The parameters are read off the interfaces, so that a function may ask for a narrower context.
 */
export type TaskSuccessCallback = OnTaskSuccess['onSuccess'] | string | ProviderOf<OnTaskSuccess>;
/** As {@link TaskSuccessCallback}. After a crash it may be called again with an error restored from name and message. */
export type TaskFailureCallback = OnTaskFailure['onFailure'] | string | ProviderOf<OnTaskFailure>;
/** As {@link TaskFailureCallback}. */
export type TaskRetryCallback = OnTaskRetry['onRetry'] | string | ProviderOf<OnTaskRetry>;
/** As {@link TaskSuccessCallback}, for a whole execution. */
export type WorkflowSuccessCallback = OnWorkflowSuccess['onSuccess'] | string | ProviderOf<OnWorkflowSuccess>;
/** As {@link TaskFailureCallback}, for a whole execution. */
export type WorkflowFailureCallback = OnWorkflowFailure['onFailure'] | string | ProviderOf<OnWorkflowFailure>;

/** Any callback, as it stands in a decorator. */
export type CallbackOption = ((...args: never[]) => unknown) | string | ProviderOf<object>;

/** The name of a callback, which is also the method that a provider class has for it. */
export type CallbackName = 'onSuccess' | 'onFailure' | 'onRetry';
