import { addMethodMetadata, metadataKey } from '../discovery/metadata.js';
import type { TriggersEvent, TriggersEventName } from '../model/events.js';

/** What `@OnTriggers` leaves on a method: the names of the events. */
export const ON_TRIGGERS = metadataKey<readonly TriggersEventName[]>('on-triggers');

type CheckListener<M, N extends TriggersEventName> = M extends (...args: infer A) => unknown
  ? A extends readonly []
    ? unknown
    : A extends readonly [unknown?]
      ? TriggersEvent<N> extends A[0]
        ? unknown
        : 'The parameter does not take these events: write TriggersEvent<…> with the same names.'
      : 'A listener takes one event and nothing else.'
  : 'A listener is a method.';

/** The decorator that {@link OnTriggers} makes: it fits methods that take the events. */
export type OnTriggersDecorator<N extends TriggersEventName> = <M>(
  target: object,
  key: string,
  descriptor: TypedPropertyDescriptor<M> & CheckListener<M, N>,
) => void;

/**
 * Calls a method of any provider when one of these events happens on this node: after the commit, isolated (what it
 * throws is logged and changes nothing), not stored and not repeated.
 *
 * @param names the events, see `TriggersEvents`
 * @example
 * @OnTriggers('trigger.suspended', 'execution.failed')
 * async alert(event: TriggersEvent<'trigger.suspended' | 'execution.failed'>) { … }
 */
export function OnTriggers<const N extends TriggersEventName>(...names: readonly [N, ...N[]]): OnTriggersDecorator<N> {
  return (target, key) => addMethodMetadata(ON_TRIGGERS, target, key, names);
}
