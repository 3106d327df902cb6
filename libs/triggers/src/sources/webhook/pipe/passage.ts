import { createHash } from 'node:crypto';
import type { ResolvedDedup } from '../../../intake/trigger.definition.js';
import type { Json } from '../../../model/json.js';
import type { TriggerResult } from '../../../model/trigger-result.js';
import type { WebhookDelivery } from '../verify/verifier.js';
import type { WebhookDefinition } from '../webhook-trigger.definition.js';

/** What makes a delivery the same as another one, and for how long. */
export interface DeliveryKey {
  readonly key: string;
  readonly dedup: ResolvedDedup;
  /** How long an equal key is the same event, for dead letters; 0: never. @default for ever */
  readonly sameForMs?: number | undefined;
}

/** What one delivery has become so far; each step adds its part. */
export class Passage {
  /** A dedup key that checking the signature gave. */
  provenKey: string | null = null;
  /** What was sent, once it was read. */
  payload: Json | undefined;
  /** What makes it the same delivery as another one, once that is known. */
  key: DeliveryKey | undefined;
  /** What the method of the trigger made of it. */
  result: TriggerResult | undefined;
  #sha256: string | undefined;

  constructor(
    readonly trigger: WebhookDefinition,
    readonly delivery: WebhookDelivery,
  ) {}

  /** The hash of the bytes, in hex. */
  get sha256(): string {
    return (this.#sha256 ??= createHash('sha256').update(this.delivery.body).digest('hex'));
  }

  /** The payload as text: JSON, or what could not be read. */
  get text(): string {
    if (this.payload !== undefined) return JSON.stringify(this.payload);
    return this.delivery.body.toString().replaceAll('\u0000', '\ufffd');
  }
}
