import { addMethodMetadata, metadataKey } from '../../discovery/metadata.js';
import type { EndResult, IsAny, WorkflowInput, WorkflowRef, WorkflowRefs } from '../../intake/trigger-options.js';
import type { EndState } from '../../model/states.js';
import type { CheckHost } from '../check-host.js';
import type { Misfits } from '../payload/fired-types.js';
import type { EndContext, WorkflowEnd } from './workflow-end.js';
import type { Ends, WorkflowTriggerOptions } from './workflow-trigger.options.js';

/** What `@WorkflowTrigger` leaves on a method. */
export const WORKFLOW_TRIGGER = metadataKey<WorkflowTriggerOptions>('workflow-trigger');

type EndsOf<O> = O extends readonly (infer One)[] ? One & EndState : O & EndState;

/** Of a workflow that is given by its name nothing is known: the method says what it expects. */
type EndFor<S, O> = WorkflowEnd<S extends string ? never : EndResult<S>, EndsOf<O>>;

type CheckParameters<A extends readonly unknown[], S, O> = A extends readonly []
  ? unknown
  : A extends readonly [unknown?]
    ? [EndFor<S, O>] extends [A[0]]
      ? unknown
      : 'A workflow trigger takes a WorkflowEnd of the workflow and the ends that it follows, or nothing.'
    : 'A workflow trigger takes a WorkflowEnd and nothing else.';

type CheckReturned<R, S, O, W> =
  IsAny<R> extends true
    ? unknown
    : [Misfits<R, EndContext<EndResult<S>, EndsOf<O>>, WorkflowInput<W>>] extends [never]
      ? unknown
      : 'What this trigger fires is not what the started workflow takes. It returns a context, a TriggerResult, or nothing (which fires { executionId, state, result | error }).';

type CheckMethod<M, S, O, W> =
  IsAny<M> extends true
    ? unknown
    : M extends (...args: infer A) => infer R
      ? CheckParameters<A, S, O> & CheckReturned<Awaited<R>, S, O, W>
      : 'A trigger is a method.';

/** The decorator that {@link WorkflowTrigger} makes. */
export type WorkflowTriggerDecorator<S, O, W> = <T extends object, M>(
  target: T & CheckHost<T>,
  key: string,
  descriptor: TypedPropertyDescriptor<M> & CheckMethod<M, S, O, W>,
) => void;

/**
 * Makes a method a trigger that follows another workflow: whenever an execution of it has ended so, `start` is started.
 * An end is followed exactly once: the commit of the end leaves a record, and the commit of what is fired takes it away;
 * a retried execution that ends again is followed again.
 *
 * The method maps: it gets the {@link WorkflowEnd} and returns a context, a `TriggerResult`, or nothing, which fires
 * `{ executionId, state, result }`, with `error` in place of `result` after a failure. It is called after the commit of the end, at
 * least once, and may take 10 seconds; what it throws makes a dead letter of this trigger.
 *
 * Firing what `start` does not take does not compile. Workflows that start each other in a circle end at depth 16.
 *
 * @param options see {@link WorkflowTriggerOptions}
 * @example
 * @WorkflowTrigger({ workflow: FileProcessor, on: 'failed', start: Alarm })
 * fileFailed(end: WorkflowEnd) { return { text: end.error?.message ?? '' }; }
 */
export function WorkflowTrigger<const S extends WorkflowRef, const O extends Ends, const W extends WorkflowRefs>(
  options: WorkflowTriggerOptions<S, O, W>,
): WorkflowTriggerDecorator<S, O, W> {
  return (target, key) =>
    addMethodMetadata(WORKFLOW_TRIGGER, target, key, options as unknown as WorkflowTriggerOptions);
}
