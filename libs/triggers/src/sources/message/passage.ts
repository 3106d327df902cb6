import { createHash } from 'node:crypto';
import type { JsonObject } from '../../model/json.js';
import type { Json } from '../../model/json.js';
import type { TriggerResult } from '../../model/trigger-result.js';
import { redactedTexts } from '../payload/redacted-texts.js';
import { placeIn } from '../payload/replayed-payload.js';
import type { Message } from './message.js';
import type { DeliveredMessage } from './message-source.js';
import type { MessageDefinition } from './message-trigger.definition.js';

/** A larger body is not kept with a dead letter: 4 MiB, as much as one commit takes at once. */
const MAX_KEPT_BYTES = 4 * 1_048_576;
/** A longer id stands in keys by its hash: room is left for the place of an item. */
const MAX_ID = 1_000;

/** What one delivery of a message has become so far; each step adds its part. */
export class Passage {
  /** What was sent, once it was read. */
  body: Json | undefined;
  /** What the method of the trigger made of it. */
  result: TriggerResult | undefined;
  /** What makes it the same message as another one; `null` where nothing does. */
  readonly key: string | null;

  constructor(
    readonly trigger: MessageDefinition,
    readonly delivered: DeliveredMessage,
    readonly receivedAt: Date,
  ) {
    this.key = keyOf(delivered.id);
  }

  /** What the method is told. */
  get message(): Message {
    const { id, headers, deliveries, sentAt } = this.delivered;
    const { key, receivedAt, body = null } = this;
    const redelivered = deliveries > 1;
    return { trigger: this.trigger.name, id, body, headers, key, deliveries, redelivered, sentAt, receivedAt };
  }

  /** What it is counted by: its key, or the hash of the body where it has none. */
  get identity(): string {
    return this.key ?? `body:${sha256(this.text)}`;
  }

  /** The body as a dead letter keeps it: the text, or a value as JSON; `null` if it is too large. */
  get kept(): string | null {
    const { text } = this;
    return Buffer.byteLength(text) > MAX_KEPT_BYTES ? null : text.replaceAll('\u0000', '\ufffd');
  }

  private get text(): string {
    const { body } = this.delivered;
    return 'text' in body ? body.text : JSON.stringify(body.json);
  }

  /** Where it came from, for the ledger. */
  provenance(item?: number): JsonObject {
    const { headers, deliveries, sentAt } = this.delivered;
    return {
      source: this.trigger.from.name,
      id: this.key,
      size: Buffer.byteLength(this.text),
      deliveries,
      sentAt: sentAt?.toISOString() ?? null,
      receivedAt: this.receivedAt.toISOString(),
      headers: redactedTexts(headers),
      ...placeIn(this.key, item),
    };
  }
}

function keyOf(id: string | null): string | null {
  if (id === null || id === '') return null;
  return id.length <= MAX_ID ? id : `sha256:${sha256(id)}`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
