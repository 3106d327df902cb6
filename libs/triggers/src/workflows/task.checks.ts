import type { AnyClass } from '../discovery/metadata.js';
import type { SnakeCase } from '../discovery/snake-case.js';
import type { TaskContext } from './task-context.js';
import type { TaskId } from './task.options.js';
import type { IsAny } from './workflow-ref.js';

/** The names of the public methods of a class, given its instance type. */
export type MethodName<T> = {
  [K in keyof T]-?: T[K] extends (...args: never[]) => unknown ? K : never;
}[keyof T] &
  string;

type UnknownDependency<T, D extends string> = Exclude<D, TaskId | MethodName<T> | SnakeCase<MethodName<T>>>;

/** `unknown` when every name is a method of the class, else a text type that says which is not. */
export type CheckCallbackNames<T, C> = [Exclude<Extract<C, string>, MethodName<T>>] extends [never]
  ? unknown
  : `The class has no public method "${Exclude<Extract<C, string>, MethodName<T>>}" that could be the callback.`;

type CheckDependencies<T, D extends string> = [UnknownDependency<T, D>] extends [never]
  ? unknown
  : `The class has no public method "${UnknownDependency<T, D>}", nor is it the snake_case form of one. For a task with an id of its own write taskId('${UnknownDependency<T, D>}').`;

/** What the class of a task must fit: its dependencies and its callbacks exist. */
export type CheckTaskClass<T, D extends readonly string[], C> = T extends AnyClass
  ? 'A task cannot be a static method.'
  : CheckDependencies<T, D[number]> & CheckCallbackNames<T, C>;

type IsTaskParameter<P> =
  IsAny<P> extends true
    ? true
    : [P] extends [TaskContext<infer _T> | undefined]
      ? true
      : TaskContext extends P
        ? true
        : false;

type CheckParameters<A extends readonly unknown[]> = A extends readonly [unknown?]
  ? IsTaskParameter<A[0]> extends true
    ? unknown
    : 'A task method takes a TaskContext, or nothing.'
  : 'A task method takes a TaskContext and nothing else.';

type NoOutput<V> = V extends void | undefined
  ? never
  : V extends readonly unknown[] | ((...args: never[]) => unknown)
    ? V
    : V extends object
      ? never
      : V;

type CheckReturn<R> =
  IsAny<R> extends true
    ? unknown
    : [NoOutput<Awaited<R>>] extends [never]
      ? unknown
      : 'A task method returns a plain object, nothing, or its context (or a promise of one of them).';

/** What the method of a task must fit: it takes a context and returns something that can be merged. */
export type CheckTaskMethod<M> =
  IsAny<M> extends true
    ? unknown
    : M extends (...args: infer A) => infer R
      ? CheckParameters<A> & CheckReturn<Awaited<R>>
      : 'A task is a method.';
