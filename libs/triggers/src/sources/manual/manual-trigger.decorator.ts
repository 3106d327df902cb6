import { addMethodMetadata, metadataKey } from '../../discovery/metadata.js';
import type { InputOf, InputSchema } from '../../intake/trigger-input.js';
import type { IsAny, WorkflowInput, WorkflowRefs } from '../../intake/trigger-options.js';
import type { TriggerResult } from '../../model/trigger-result.js';
import type { CheckHost } from '../check-host.js';
import type { ManualRequest } from './manual-request.js';
import type { ManualTriggerOptions } from './manual-trigger.options.js';

/** What `@ManualTrigger` leaves on a method. */
export const MANUAL_TRIGGER = metadataKey<ManualTriggerOptions>('manual-trigger');

/** Without a declared input nobody has looked at what was sent. */
type Sent<I> = [I] extends [never] ? Record<string, unknown> : InputOf<I> & object;

type Nothing = void | undefined;

type Fired<R, I> = R extends Nothing ? Sent<I> : R extends TriggerResult<infer C> ? C : R;

type NoContext<R> = R extends Nothing ? never : R extends readonly unknown[] ? R : R extends object ? never : R;

type CheckReturned<R, W, I> =
  IsAny<R> extends true
    ? unknown
    : [NoContext<R>] extends [never]
      ? [Fired<R, I>] extends [WorkflowInput<W>]
        ? unknown
        : 'What this trigger fires is not what the workflow takes. Return a context that is, or declare "input": nothing returned fires that.'
      : 'The method of a manual trigger returns a context, a TriggerResult, or nothing.';

type CheckParameters<A extends readonly unknown[], I> = A extends readonly [unknown?]
  ? IsAny<A[0]> extends true
    ? unknown
    : A extends readonly []
      ? unknown
      : ManualRequest<Sent<I>> extends A[0]
        ? unknown
        : 'The method of a manual trigger takes a ManualRequest of what "input" declares; without "input" nothing is known of it.'
  : 'The method of a manual trigger takes a ManualRequest and nothing else.';

type CheckMethod<M, W, I> =
  IsAny<M> extends true
    ? unknown
    : M extends (...args: infer A) => infer R
      ? CheckParameters<A, I> & CheckReturned<Awaited<R>, W, I>
      : 'A trigger is a method.';

/** The decorator that {@link ManualTrigger} makes. */
export type ManualTriggerDecorator<W extends WorkflowRefs, I> = <T extends object, M>(
  target: T & CheckHost<T>,
  key: string,
  descriptor: TypedPropertyDescriptor<M> & CheckMethod<M, W, I>,
) => void;

/**
 * Makes a method a manual trigger: people fire it through the admin API, programs by `TriggersService.fire()`. The method
 * turns what was sent into the context that is fired: it returns a context, a `TriggerResult`, or nothing, which fires the
 * input as it came. It runs before the commit, so that it may run for a click that turns out to be a duplicate.
 *
 * A method may carry several, each with a name of its own. Firing a context that the workflow's tasks do not take does not
 * compile.
 *
 * @param options see {@link ManualTriggerOptions}; the defaults are `DEFAULT_MANUAL_OPTIONS`
 * @example
 * @ManualTrigger({ workflow: Export, input: ExportMonth, permission: 'reports:export', exclusive: true })
 * exportMonth({ input, initiatedBy }: ManualRequest<ExportMonth>) {
 *   return { month: input.month, mailTo: initiatedBy };
 * }
 */
export function ManualTrigger<const W extends WorkflowRefs, I extends InputSchema = never>(
  options: ManualTriggerOptions<W, I>,
): ManualTriggerDecorator<W, I> {
  const value = options as unknown as ManualTriggerOptions;
  const decorate = (target: object, key: string): void => addMethodMetadata(MANUAL_TRIGGER, target, key, value);
  return decorate;
}
