import { DEFAULT_TRIGGER_OPTIONS } from '../../intake/trigger-options.js';
import type { FromConfig, InputSchema, TriggerBaseOptions, WorkflowRefs } from '../../intake/trigger-options.js';
import { MAX_CONTEXT_BYTES } from '../../model/context.js';
import type { Duration } from '../../model/duration.js';
import type { PayloadOf } from '../payload/mapping-types.js';
import type { WebhookDelivery, WebhookVerifier } from './verify/verifier.js';
import type { WebhookReceipt, WebhookReply } from './webhook-event.js';

/** Options of `@WebhookTrigger`. */
export interface WebhookTriggerOptions<
  W extends WorkflowRefs = WorkflowRefs,
  S extends InputSchema = InputSchema,
> extends TriggerBaseOptions<W> {
  /**
   * Where it listens, below the prefix of all webhooks: `github`, `stripe/:account`. Parameters stand for one segment each; at
   * most 8 segments. Of several paths that fit, the one wins whose first different segment is no parameter.
   */
  readonly path: FromConfig<string>;
  /** Who checks that the sender is who it should be: `github({ secret })`, …, `unsigned()`. There is no default. */
  readonly verify: WebhookVerifier;
  /** What the payload must be: a class (with class-validator decorators) or a Standard Schema. @default any JSON */
  readonly schema?: S;
  /**
   * A payload that is verified but does not fit: `keep` answers 202 and leaves a dead letter, which is the receipt; `reject`
   * answers 400 with the fields, so that the sender tries again. @default DEFAULT_WEBHOOK_OPTIONS.onInvalid
   */
  readonly onInvalid?: 'keep' | 'reject';
  /** While it is disabled: deliveries wait (202), or are refused (503). @default DEFAULT_WEBHOOK_OPTIONS.whenDisabled */
  readonly whenDisabled?: 'hold' | 'reject';
  /**
   * What makes a delivery the same event as another one. Nothing (`null`, `undefined`) leaves it to the id that the sender
   * signed, or else to the hash of the bytes. @default the sender's id, else the hash
   */
  readonly dedupKey?: (payload: PayloadOf<S>, delivery: WebhookDelivery) => string | null | undefined;
  /**
   * Media types that are taken besides JSON and those of `verify`: `application/x-www-form-urlencoded` (the payload is an object
   * of its fields), `text/plain` (the payload is the text), others or `*` (the payload is `null`, read `rawBody`). @default none
   */
  readonly contentTypes?: readonly string[];
  /**
   * How long all code of the application may take for one delivery, at most 60 s: `challenge`, `verify`, `schema`, the method with what stands
   * on it, the `input` of the workflow and `filter` together. Beyond it the answer is 503, nothing is kept and what is answered later does not
   * count. A replay has as long. @default DEFAULT_WEBHOOK_OPTIONS.timeout
   */
  readonly timeout?: Duration;
  /** The largest body in bytes, at most 1 MiB. @default DEFAULT_WEBHOOK_OPTIONS.maxBytes */
  readonly maxBytes?: number;
  /**
   * Answers requests by which a vendor asks whether we want events at all. Asked for each request, whatever its method, before
   * anything is believed; `null` and `undefined` say that it is none.
   *
   * @default what `verify` answers; other methods than POST get 405
   * @example challenge: ({ query }) => (query['hub.verify_token'] === token ? { body: query['hub.challenge'] } : null)
   */
  readonly challenge?: (
    delivery: WebhookDelivery,
  ) => WebhookReply | null | undefined | Promise<WebhookReply | null | undefined>;
  /**
   * Another 2xx answer than ours. It is asked only when the commit is done; refusals are never its business, and what it throws
   * or any other status leaves our answer as it is. @default the receipt as JSON
   */
  readonly respond?: (receipt: WebhookReceipt, delivery: WebhookDelivery) => WebhookReply;
}

/** The defaults of {@link WebhookTriggerOptions}. */
export const DEFAULT_WEBHOOK_OPTIONS = {
  ...DEFAULT_TRIGGER_OPTIONS,
  onInvalid: 'keep',
  whenDisabled: 'hold',
  contentTypes: [],
  timeout: '10s',
  maxBytes: MAX_CONTEXT_BYTES,
} as const satisfies Partial<WebhookTriggerOptions>;
