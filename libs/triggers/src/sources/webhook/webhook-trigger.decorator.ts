import type { AnyClass } from '../../discovery/metadata.js';
import { addMethodMetadata, metadataKey } from '../../discovery/metadata.js';
import type { InputOf, InputSchema, IsAny, WorkflowInput, WorkflowRefs } from '../../intake/trigger-options.js';
import type { Jsonify } from '../../model/json.js';
import type { TriggerResult } from '../../model/trigger-result.js';
import type { WebhookEvent } from './webhook-event.js';
import type { WebhookTriggerOptions } from './webhook-trigger.options.js';

/** What `@WebhookTrigger` leaves on a method. */
export const WEBHOOK_TRIGGER = metadataKey<WebhookTriggerOptions>('webhook-trigger');

type HasSchema<S> = [InputSchema] extends [S] ? false : true;

type CheckMapping<M, W, S> =
  IsAny<M> extends true
    ? unknown
    : M extends (...args: infer A) => infer R
      ? CheckParameters<A, S> & CheckFired<Awaited<R>, W, S>
      : 'A webhook trigger is a method.';

type CheckParameters<A extends readonly unknown[], S> = A extends readonly []
  ? unknown
  : A extends readonly [unknown?]
    ? TakesEvent<Exclude<A[0], undefined>, S> extends true
      ? unknown
      : 'The method of a webhook trigger takes a WebhookEvent of what the schema describes, or nothing.'
    : 'The method of a webhook trigger takes a WebhookEvent and nothing else.';

type TakesEvent<P, S> =
  IsAny<P> extends true
    ? true
    : HasSchema<S> extends true
      ? WebhookEvent<InputOf<S>> extends P
        ? true
        : WebhookEvent<Jsonify<InputOf<S>>> extends P
          ? true
          : false
      : [P] extends [WebhookEvent]
        ? true
        : WebhookEvent extends P
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

/** The decorator that {@link WebhookTrigger} makes. */
export type WebhookTriggerDecorator<W extends WorkflowRefs, S extends InputSchema> = <T extends object, M>(
  target: T & (T extends AnyClass ? 'A trigger cannot be a static method.' : unknown),
  key: string,
  descriptor: TypedPropertyDescriptor<M> & CheckMapping<M, W, S>,
) => void;

/**
 * Makes a method a webhook trigger: deliveries to its path are verified over their raw bytes, checked, deduplicated and
 * committed before they are answered. The method turns an event into the context of the workflow; it returns that, or a
 * `TriggerResult`, or nothing, and then the payload is fired as it is. `TriggerResult.skip` starts nothing and answers 200.
 *
 * The guards, interceptors, pipes and filters of the method and its class run after the signature was verified; those of the
 * application do not. A method may carry several triggers, each with a `name`.
 *
 * Returning a context that the workflow's tasks do not take does not compile.
 *
 * @param options see {@link WebhookTriggerOptions}; the defaults are `DEFAULT_WEBHOOK_OPTIONS`
 * @example
 * @WebhookTrigger({ workflow: Deploy, path: 'github', verify: github({ secret }) })
 * pushed({ payload }: WebhookEvent<GithubPush>) {
 *   return payload.ref === 'refs/heads/main' ? { commit: payload.after } : TriggerResult.skip('another branch');
 * }
 */
export function WebhookTrigger<const W extends WorkflowRefs, const S extends InputSchema = InputSchema>(
  options: WebhookTriggerOptions<W, S>,
): WebhookTriggerDecorator<W, S> {
  const value = options as unknown as WebhookTriggerOptions;
  return (target, key) => addMethodMetadata(WEBHOOK_TRIGGER, target, key, value);
}
