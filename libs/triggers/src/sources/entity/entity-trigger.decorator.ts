import type { AnyClass } from '../../discovery/metadata.js';
import { addMethodMetadata, metadataKey } from '../../discovery/metadata.js';
import type { IsAny, WorkflowInput, WorkflowRefs } from '../../intake/trigger-options.js';
import type { CheckHost } from '../check-host.js';
import type { Misfits } from '../payload/fired-types.js';
import type { EntityChange, EntityContext } from './entity-change.js';
import type { EntityOperations, EntityTriggerOptions, EntityOf } from './entity-trigger.options.js';

/** What `@EntityTrigger` leaves on a method. */
export const ENTITY_TRIGGER = metadataKey<EntityTriggerOptions>('entity-trigger');

type CheckParameters<A extends readonly unknown[], Change> = A extends readonly []
  ? unknown
  : A extends readonly [unknown?]
    ? [Change] extends [A[0]]
      ? unknown
      : 'An entity trigger takes an EntityChange of its entity and of the operations that it listens to, or nothing.'
    : 'An entity trigger takes an EntityChange and nothing else.';

type CheckReturned<R, W> =
  IsAny<R> extends true
    ? unknown
    : [Misfits<R, EntityContext, WorkflowInput<W>>] extends [never]
      ? unknown
      : 'What this trigger fires is not what the workflow takes. It returns a context, a TriggerResult, or nothing (which fires { entity, operation, id, before, after }).';

type CheckMethod<M, W, Change> =
  IsAny<M> extends true
    ? unknown
    : M extends (...args: infer A) => infer R
      ? CheckParameters<A, Change> & CheckReturned<Awaited<R>, W>
      : 'A trigger is a method.';

/** The decorator that {@link EntityTrigger} makes. */
export type EntityTriggerDecorator<W, C, O extends EntityOperations> = <T extends object, M>(
  target: T & CheckHost<T>,
  key: string,
  descriptor: TypedPropertyDescriptor<M> & CheckMethod<M, W, EntityChange<EntityOf<C>, O[number]>>,
) => void;

/**
 * Makes a method an entity trigger: whenever a row of the entity is inserted, updated or removed, by whatever means, its workflow is
 * started. The change is captured by the application's own database, in the transaction of whoever writes: rolled back, nothing
 * has happened; committed, it is fired exactly once, a moment later.
 *
 * The method maps: it gets the {@link EntityChange} and returns a context, a `TriggerResult`, or nothing, which fires
 * `{ entity, operation, id, before, after }`. It is called after the commit, at least once, and may take 10 seconds; what it
 * throws makes a dead letter.
 *
 * Firing what the workflow does not take does not compile.
 *
 * @param options see {@link EntityTriggerOptions}; the defaults are `DEFAULT_ENTITY_OPTIONS`
 * @example
 * @EntityTrigger({ workflow: Onboarding, entity: User, on: ['insert'] })
 * newUser({ after }: EntityChange<User, 'insert'>) { return { userId: after.id }; }
 */
export function EntityTrigger<const W extends WorkflowRefs, const C extends AnyClass, const O extends EntityOperations>(
  options: EntityTriggerOptions<W, C, O>,
): EntityTriggerDecorator<W, C, O> {
  return (target, key) => addMethodMetadata(ENTITY_TRIGGER, target, key, options as unknown as EntityTriggerOptions);
}
