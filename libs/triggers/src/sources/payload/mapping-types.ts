import type { InputOf, InputSchema, IsAny, WorkflowInput, WorkflowRefs } from '../../intake/trigger-options.js';
import type { TriggerResult } from '../../model/trigger-result.js';
import type { CheckHost } from '../check-host.js';

/** The type of what a sender sends: by the schema where there is one, otherwise whatever the author takes it for. */
export type PayloadOf<S> = [InputSchema] extends [S] ? any : InputOf<S>; // eslint-disable-line @typescript-eslint/no-explicit-any -- nobody has checked it

/** What the methods of one kind of triggers are told, for the check of their types. */
export interface MappedEvent {
  /** `webhook`. */
  readonly kind: string;
  /** `a WebhookEvent`. */
  readonly article: string;
  /** With a payload of which nothing is known. */
  readonly any: object;
  /** With the payload that the schema describes. */
  readonly typed: object;
  /** With that payload as it came through JSON. */
  readonly json: object;
}

/** What is wrong with the method of a trigger that maps events; `unknown` if nothing is. */
type CheckMapping<M, W, S, E extends MappedEvent> =
  IsAny<M> extends true
    ? unknown
    : M extends (...args: infer A) => infer R
      ? CheckParameters<A, S, E> & CheckFired<Awaited<R>, W, S>
      : `A ${E['kind']} trigger is a method.`;

/** The decorator of such triggers. */
export type MappingDecorator<W extends WorkflowRefs, S extends InputSchema, E extends MappedEvent> = <
  T extends object,
  M,
>(
  target: T & CheckHost<T>,
  key: string,
  descriptor: TypedPropertyDescriptor<M> & CheckMapping<M, W, S, E>,
) => void;

type CheckParameters<A extends readonly unknown[], S, E extends MappedEvent> = A extends readonly []
  ? unknown
  : A extends readonly [unknown?]
    ? TakesEvent<Exclude<A[0], undefined>, S, E> extends true
      ? unknown
      : `The method of a ${E['kind']} trigger takes ${E['article']} of what the schema describes, or nothing.`
    : `The method of a ${E['kind']} trigger takes ${E['article']} and nothing else.`;

/** Whether something says what a payload is. */
type HasSchema<S> = [InputSchema] extends [S] ? false : true;

type TakesEvent<P, S, E extends MappedEvent> =
  IsAny<P> extends true
    ? true
    : HasSchema<S> extends true
      ? E['typed'] extends P
        ? true
        : E['json'] extends P
          ? true
          : false
      : [P] extends [E['any']]
        ? true
        : E['any'] extends P
          ? true
          : false;

type Nothing = void | undefined;

type CheckFired<R, W, S> =
  IsAny<R> extends true
    ? unknown
    : [Exclude<R, Nothing | TriggerResult>] extends [WorkflowInput<W>]
      ? [Extract<R, TriggerResult>] extends [TriggerResult<WorkflowInput<W>>]
        ? CheckPayload<R, W, S>
        : NotWhatItTakes
      : NotWhatItTakes;

type NotWhatItTakes = 'The context that this trigger fires is not what the workflow takes.';

/** Where nothing is returned the payload itself is fired. */
type CheckPayload<R, W, S> = [Extract<R, Nothing>] extends [never]
  ? unknown
  : HasSchema<S> extends true
    ? [InputOf<S>] extends [WorkflowInput<W>]
      ? unknown
      : 'The payload is fired as it is, and is not what the workflow takes. Return a context.'
    : unknown;
