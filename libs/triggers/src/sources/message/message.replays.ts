import { Injectable } from '@nestjs/common';
import { PayloadReaders } from '../../intake/payload-readers.js';
import type { KeptPayload, PayloadReader } from '../../intake/payload-readers.js';
import { Clock } from '../../model/clock.js';
import { errorMessage } from '../../model/text.js';
import type { TriggerResult } from '../../model/trigger-result.js';
import { misfit, replayedPayload } from '../payload/replayed-payload.js';
import { ownKeysOf } from './message-trigger.definition.js';
import type { MessageDefinition } from './message-trigger.definition.js';
import { bodyOf, callMethod } from './message.pipe.js';
import { Passage } from './passage.js';

/**
 * Dead letters of messages, replayed: schema and method judge what was kept, or what an operator has mended, as they would judge
 * a message of now. Of secret headers only the lengths are left.
 */
@Injectable()
export class MessageReplays {
  constructor(
    readers: PayloadReaders,
    private readonly clock: Clock,
  ) {
    const read: PayloadReader = (trigger, kept) => this.#read(trigger as MessageDefinition, kept);
    readers.add('message', read);
  }

  async #read(trigger: MessageDefinition, kept: KeptPayload): ReturnType<PayloadReader> {
    const passage = this.#passageOf(trigger, kept);
    try {
      passage.body = bodyOf(trigger, passage.delivered.body);
    } catch (error) {
      throw misfit(trigger, [errorMessage(error)]);
    }
    const map = (): Promise<TriggerResult> => callMethod(passage);
    return replayedPayload({ trigger, kept, payload: passage.body, map, ownKeys: ownKeysOf(trigger) });
  }

  #passageOf(trigger: MessageDefinition, { payload, origin }: KeptPayload): Passage {
    const sentAt = origin?.['sentAt'] as string | null | undefined;
    return new Passage(
      trigger,
      {
        id: (origin?.['id'] as string | null | undefined) ?? null,
        body: { text: payload },
        headers: (origin?.['headers'] ?? {}) as Readonly<Record<string, string>>,
        deliveries: Number(origin?.['deliveries'] ?? 1),
        sentAt: sentAt == null ? null : new Date(sentAt),
      },
      new Date(this.clock.now()),
    );
  }
}
