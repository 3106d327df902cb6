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
