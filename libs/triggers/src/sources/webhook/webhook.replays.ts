import { Injectable } from '@nestjs/common';
import { PayloadReaders } from '../../intake/payload-readers.js';
import type { KeptPayload, PayloadReader } from '../../intake/payload-readers.js';
import { Clock } from '../../model/clock.js';
import { TriggersError } from '../../model/errors.js';
import type { Json } from '../../model/json.js';
import { errorMessage } from '../../model/text.js';
import type { TriggerResult } from '../../model/trigger-result.js';
import { bodyReader } from './pipe/body.reader.js';
import { callMethod } from './pipe/mapping.step.js';
import { Passage } from './pipe/passage.js';
import type { WebhookDefinition } from './webhook-trigger.definition.js';

type Texts = Readonly<Record<string, string>>;

/**
 * Dead letters of webhooks, replayed: schema and method judge what was kept, or what an operator has mended, as they would
 * judge a delivery of now. The signature was checked when it came; of secret headers only the lengths are left.
 */
@Injectable()
export class WebhookReplays {
  constructor(
    readers: PayloadReaders,
    private readonly clock: Clock,
  ) {
    const read: PayloadReader = (trigger, kept) => this.#read(trigger as WebhookDefinition, kept);
    readers.add('webhook', read);
  }

  async #read(trigger: WebhookDefinition, kept: KeptPayload): ReturnType<PayloadReader> {
    const passage = this.#passageOf(trigger, kept);
    const fields = (await trigger.schema?.(passage.payload ?? null)) ?? [];
    if (fields.length > 0) throw misfit(trigger, fields);
    const result = await resultOf(passage);
    if (result.isSkip()) return { skipped: result.reason ?? 'skipped' };
    return { items: result.items, deliveryKey: deliveryKeyOf(kept) };
  }

  #passageOf(trigger: WebhookDefinition, { payload, origin, key }: KeptPayload): Passage {
    const texts = (name: string): Texts => (origin?.[name] ?? {}) as Texts;
    const passage = new Passage(trigger, {
      method: 'POST',
      headers: texts('headers'),
      params: texts('params'),
      query: texts('query'),
      address: (origin?.['address'] as string | undefined) ?? null,
      body: Buffer.from(payload),
      receivedAt: new Date(this.clock.now()),
    });
    passage.payload = payloadOf(trigger, payload);
    passage.key = { key: key ?? `sha256:${passage.sha256}`, dedup: trigger.dedup };
    return passage;
  }
}

/** What was kept is JSON, whatever form the sender had used; unless it could not be read at all. */
function payloadOf(trigger: WebhookDefinition, payload: string): Json {
  try {
    return bodyReader(trigger).json(Buffer.from(payload));
  } catch (error) {
    throw misfit(trigger, [errorMessage(error)]);
  }
}

async function resultOf(passage: Passage): Promise<TriggerResult> {
  try {
    return await callMethod(passage);
  } catch (error) {
    throw misfit(passage.trigger, [`(method): ${errorMessage(error)}`]);
  }
}

/** The key of the delivery: that of the dead letter, or what stands in it before the place of the item that it is of. */
function deliveryKeyOf({ key, origin }: KeptPayload): string | null {
  const place = `#${JSON.stringify(origin?.['item'])}`;
  return key?.endsWith(place) === true ? key.slice(0, -place.length) : key;
}

function misfit({ name }: WebhookDefinition, fields: readonly string[]): TriggersError {
  const message = `Trigger "${name}": the payload does not fit. ${fields.join('; ')}`;
  return new TriggersError('TRG_CONTEXT_SCHEMA', message, { details: { fields } });
}
