import type { TaskContext } from './task-context.js';
import type { MethodInvoker } from '../discovery/method-invoker.js';
import type { RetryPolicy } from './retry-policy.js';

/**
 * When a task runs, by how its dependencies ended.
 * - `allSucceeded`: every one completed.
 * - `allDone`: every one ended, however.
 * - `anySucceeded`: at least one completed.
 * - `anyFailed`: at least one failed.
 * - `noneFailed`: none failed (skipped ones are fine).
 */
export type RunWhen = (typeof RUN_WHEN)[number];

/** Every {@link RunWhen}. */
export const RUN_WHEN = ['allSucceeded', 'allDone', 'anySucceeded', 'anyFailed', 'noneFailed'] as const;

/** Somebody who is told how a task or an execution ended, resolved at boot and ready to be called. */
export interface CallbackTarget {
  readonly label: string;
  call(args: readonly unknown[]): Promise<unknown>;
}

/** The callbacks of a task. */
export interface TaskCallbacks {
  readonly onSuccess?: CallbackTarget | undefined;
  readonly onFailure?: CallbackTarget | undefined;
  readonly onRetry?: CallbackTarget | undefined;
}

/** A task as the engine needs it: checked, with every default filled in. */
export interface TaskDefinition {
  readonly id: string;
  /** Its place in the one topological order of the workflow; ties stand in the order of the methods. */
  readonly ordinal: number;
  readonly dependencies: readonly string[];
  readonly dependents: readonly string[];
  /** Everything that must end before it, in topological order. */
  readonly ancestors: readonly string[];
  readonly runWhen: RunWhen;
  readonly when: ((context: TaskContext, upstream: Upstream) => boolean | Promise<boolean>) | undefined;
  readonly retry: RetryPolicy;
  /** `null`: no timeout. */
  readonly timeoutMs: number | null;
  /** Only nodes that serve it run the task. No part of the workflow's hash. */
  readonly pool: string;
  readonly callbacks: TaskCallbacks;
  readonly method: MethodInvoker;
}

/** How the direct dependencies of a task ended, for `when`. */
export interface Upstream {
  readonly [task: string]: {
    readonly state: 'completed' | 'failed' | 'skipped' | 'cancelled';
    readonly output: unknown;
  };
}

/** Checks a context against the declared input; returns the problems, empty when it fits. */
export interface InputCheck {
  /** The class whose instances count as plain objects, if the input is a class. */
  readonly instancesOf?: (abstract new (...args: never[]) => object) | undefined;
  /** JSON Schema (draft 2020-12 where known) for forms and documents; `null` where it cannot be told. */
  jsonSchema(): object | null;
  /** Field errors as `path: problem`. */
  problems(context: unknown): readonly string[] | Promise<readonly string[]>;
}

/** A workflow as the engine needs it. */
export interface WorkflowDefinition {
  readonly name: string;
  readonly description: string | null;
  /** SHA-256 over task ids, dependencies and `runWhen`, nothing else: 16 hex digits. */
  readonly hash: string;
  /** In topological order. */
  readonly tasks: readonly TaskDefinition[];
  readonly input: InputCheck | null;
  readonly callbacks: {
    readonly onSuccess?: CallbackTarget | undefined;
    readonly onFailure?: CallbackTarget | undefined;
  };
  /** The class that declares it. */
  readonly target: abstract new (...args: never[]) => object;
}
