import { Injectable } from '@nestjs/common';
import { PayloadReaders } from '../../intake/payload-readers.js';
import type { KeptPayload, PayloadReader } from '../../intake/payload-readers.js';
import { Clock } from '../../model/clock.js';
import type { Json } from '../../model/json.js';
import { errorMessage } from '../../model/text.js';
import { misfit, replayedPayload } from '../payload/replayed-payload.js';
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
    const map = () => callMethod(passage);
    return replayedPayload({ trigger, kept, payload: passage.payload ?? null, map });
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
