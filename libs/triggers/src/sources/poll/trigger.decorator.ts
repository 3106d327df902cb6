import { makeInjectable } from '../../discovery/make-injectable.js';
import type { AnyClass } from '../../discovery/metadata.js';
import { addClassMetadata, addMethodMetadata, metadataKey } from '../../discovery/metadata.js';
import type { CheckCallbackNames, IsAny, WorkflowInput, WorkflowRefs } from '../../intake/trigger-options.js';
import type { TriggerResult } from '../../model/trigger-result.js';
import type { Poll } from './poll.js';
import type { PollErrorFunction, PollErrorObserver, TriggerOptions } from './trigger.options.js';

/** What `@Trigger` leaves on a method or a class. */
export const TRIGGER = metadataKey<TriggerOptions>('trigger');

/** Whether what a trigger method returns may start the workflow; otherwise a type that says why not. */
export type CheckResult<R, W> =
  IsAny<R> extends true
    ? unknown
    : [R] extends [TriggerResult]
      ? [R] extends [TriggerResult<WorkflowInput<W>>]
        ? unknown
        : 'The context that this trigger fires is not what the workflow takes.'
      : 'A trigger method returns a TriggerResult (or a promise of one): TriggerResult.fire(…) or TriggerResult.skip(…).';

type IsPollParameter<P> =
  IsAny<P> extends true ? true : [P] extends [Poll | undefined] ? true : Poll extends P ? true : false;

type CheckPollParameters<A extends readonly unknown[]> = A extends readonly [unknown?]
  ? IsPollParameter<A[0]> extends true
    ? unknown
    : 'A trigger method takes a Poll, or nothing.'
  : 'A trigger method takes a Poll and nothing else.';

type CheckPollMethod<M, W> =
  IsAny<M> extends true
    ? unknown
    : M extends (...args: infer A) => infer R
      ? CheckPollParameters<A> & CheckResult<Awaited<R>, W>
      : 'A trigger is a method.';

type CheckSource<C extends AnyClass, W, E> =
  InstanceType<C> extends { poll: infer M }
    ? CheckPollMethod<M, W> & CheckCallbackNames<InstanceType<C>, E>
    : 'A trigger class implements TriggerSource: it has a method poll(poll).';

type CheckHost<T, E> = T extends AnyClass ? 'A trigger cannot be a static method.' : CheckCallbackNames<T, E>;

/** The decorator that {@link Trigger} makes, for methods and for classes. */
export interface TriggerDecorator<W extends WorkflowRefs, E> {
  <T extends object, M>(
    target: T & CheckHost<T, E>,
    key: string,
    descriptor: TypedPropertyDescriptor<M> & CheckPollMethod<M, W>,
  ): void;
  <C extends AnyClass>(target: C & CheckSource<C, W, E>): void;
}

/**
 * Makes a method a poll trigger: it is called on its interval and says whether the workflow starts. Firing is exactly
 * once: the firing, its executions, its dedup key and the cursor are committed together or not at all.
 *
 * On a class it polls that class, which implements `TriggerSource` and becomes a provider. A method may carry several
 * triggers, each with a name of its own.
 *
 * Firing a context that the workflow's tasks do not take does not compile.
 *
 * @param options see {@link TriggerOptions}; the defaults are `DEFAULT_POLL_OPTIONS`
 * @example
 * @Trigger({ workflow: FileProcessor, pollInterval: '2s' })
 * async fileWatcher(poll: Poll<{ since: number }>): Promise<TriggerResult<FileArrived>> { … }
 */
export function Trigger<const W extends WorkflowRefs, const E extends PollErrorObserver = PollErrorFunction>(
  options: TriggerOptions<W, E>,
): TriggerDecorator<W, E> {
  const value = options as unknown as TriggerOptions;
  const decorate = (target: object, key?: string): void => {
    if (key !== undefined) return addMethodMetadata(TRIGGER, target, key, value);
    makeInjectable(target as AnyClass);
    addClassMetadata(TRIGGER, target as AnyClass, value);
  };
  return decorate;
}
