import type { MethodInvoker } from '../../discovery/method-invoker.js';
import type { ResolvedDedup, TriggerDefinition } from '../../intake/trigger.definition.js';
import type { PayloadSchema } from '../payload/payload-schema.js';
import type { OpenVerifier, WebhookVerifier } from './verify/verifier.js';
import type { WebhookPath } from './webhook-path.js';
import type { WebhookTriggerOptions } from './webhook-trigger.options.js';

/** A webhook trigger, checked, with every default filled in and its secrets at hand. */
export interface WebhookDefinition
  extends TriggerDefinition, Required<Pick<WebhookTriggerOptions, 'onInvalid' | 'contentTypes' | 'maxBytes'>> {
  readonly kind: 'webhook';
  readonly path: WebhookPath;
  readonly verifier: WebhookVerifier;
  readonly check: OpenVerifier;
  readonly schema: PayloadSchema | null;
  readonly whenDisabled: 'hold' | 'refuse';
  readonly dedupKey: WebhookTriggerOptions['dedupKey'] | null;
  /** What the author said about dedup; `null`: it depends on where the key of a delivery comes from. */
  readonly dedupGiven: ResolvedDedup | null;
  readonly challenge: WebhookTriggerOptions['challenge'] | null;
  readonly respond: WebhookTriggerOptions['respond'] | null;
  /** Called with the `WebhookEvent`, after what stands on the method and its class. */
  readonly invoker: MethodInvoker;
}
