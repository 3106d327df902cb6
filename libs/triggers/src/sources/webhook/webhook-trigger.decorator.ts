import { addMethodMetadata, metadataKey } from '../../discovery/metadata.js';
import type { InputOf, InputSchema, WorkflowRefs } from '../../intake/trigger-options.js';
import type { Jsonify } from '../../model/json.js';
import type { MappedEvent, MappingDecorator } from '../payload/mapping-types.js';
import type { WebhookEvent } from './webhook-event.js';
import type { WebhookTriggerOptions } from './webhook-trigger.options.js';

/** What `@WebhookTrigger` leaves on a method. */
export const WEBHOOK_TRIGGER = metadataKey<WebhookTriggerOptions>('webhook-trigger');

/** What the method of a webhook trigger is told. */
interface WebhookMapping<S> extends MappedEvent {
  readonly kind: 'webhook';
  readonly article: 'a WebhookEvent';
  readonly any: WebhookEvent;
  readonly typed: WebhookEvent<InputOf<S>>;
  readonly json: WebhookEvent<Jsonify<InputOf<S>>>;
}

/** The decorator that {@link WebhookTrigger} makes. */
export type WebhookTriggerDecorator<W extends WorkflowRefs, S extends InputSchema> = MappingDecorator<
  W,
  S,
  WebhookMapping<S>
>;

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
