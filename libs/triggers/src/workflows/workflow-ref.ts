import type { AnyClass } from '../discovery/metadata.js';
import type { Jsonify } from '../model/json.js';
import type { TaskContext } from './task-context.js';

/** A workflow: its class (typed) or its name. */
export type WorkflowRef = string | AnyClass;

/** One workflow, or several that start together. */
export type WorkflowRefs = WorkflowRef | readonly [WorkflowRef, ...WorkflowRef[]];

/** Whether a type is `any`, which every check has to let pass. */
export type IsAny<T> = 0 extends 1 & T ? true : false;

type Typed<T> = string extends keyof T ? never : [keyof T] extends [never] ? never : T;

type DataOf<Parameter> =
  IsAny<Parameter> extends true ? never : Parameter extends TaskContext<infer T> ? Typed<T> : never;

type DataOfMethods<Instance> = {
  [K in keyof Instance]-?: Instance[K] extends (context: infer P, ...rest: never[]) => unknown ? DataOf<P> : never;
}[keyof Instance];

type InputOfClass<C> = C extends abstract new (...args: never[]) => infer Instance
  ? [DataOfMethods<Instance>] extends [never]
    ? object
    : DataOfMethods<Instance> & object
  : object;

type InputOfAll<Refs> = Refs extends readonly [infer First, ...infer Rest]
  ? InputOfClass<First> & InputOfAll<Rest>
  : object;

/**
 * What may be fired at a workflow: the data that its tasks take, read off their `TaskContext<T>` parameters. Tasks with
 * the untyped context ask for nothing; where every task is untyped, and for a workflow that is given by its name, it is
 * `object`. Several workflows take what all of them take.
 *
 * Only public methods are seen.
 *
 * @example type Input = WorkflowInput<typeof FileProcessor>; // FileArrived
 */
export type WorkflowInput<W> = W extends readonly unknown[] ? InputOfAll<W> : InputOfClass<W>;

/**
 * The same data as a reader finds them: after JSON (a `Date` is a string), and with free keys where nothing is known.
 */
export type WorkflowContext<W> =
  object extends WorkflowInput<W> ? Readonly<Record<string, unknown>> : Jsonify<WorkflowInput<W>>;

type PlainOutput<R> =
  IsAny<R> extends true ? never : R extends TaskContext | readonly unknown[] ? never : Extract<R, object>;

/** Any of them may be missing: a task may be skipped, or not have run when the execution failed. */
type OutputsOfMethods<Instance> = {
  [K in keyof Instance]-?: Instance[K] extends (context: infer P, ...rest: never[]) => infer R
    ? [IsAny<P>, P] extends [false, TaskContext<infer _Data>]
      ? [PlainOutput<Awaited<R>>] extends [never]
        ? never
        : (outputs: Partial<Jsonify<PlainOutput<Awaited<R>>>>) => void
      : never
    : never;
}[keyof Instance];

type All<Union> = [Union] extends [never]
  ? unknown
  : (Union extends (outputs: infer One) => void ? (one: One) => void : never) extends (all: infer Every) => void
    ? Every
    : unknown;

/**
 * The result of an execution as a reader finds it: the input and what the tasks returned, merged. Known of the class of a workflow
 * are the data that its tasks take and what its public tasks return that take a typed or untyped `TaskContext`; any other key is
 * there as `unknown`.
 *
 * @example type Result = EndResult<typeof FileProcessor>;
 */
export type EndResult<C> = Readonly<Record<string, unknown>> &
  (C extends abstract new (...args: never[]) => infer Instance
    ? WorkflowContext<C> & All<OutputsOfMethods<Instance>>
    : unknown);
