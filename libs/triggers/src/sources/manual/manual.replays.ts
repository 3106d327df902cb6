import { Injectable } from '@nestjs/common';
import { PayloadReaders } from '../../intake/payload-readers.js';
import type { KeptPayload, PayloadReader } from '../../intake/payload-readers.js';
import { callMethod, itemOf } from './manual-call.js';
import type { ManualDefinition } from './manual-trigger.definition.js';

/**
 * Fires by hand, replayed: input and method judge what an operator has made of what was sent, as they would judge a fire of
 * now. The method is told who replays it, and why. Guards and limits of a user do not count: an operator repairs something.
 */
@Injectable()
export class ManualReplays {
  constructor(readers: PayloadReaders) {
    readers.add('manual', (trigger, kept) => read(trigger as ManualDefinition, kept));
  }
}

async function read(trigger: ManualDefinition, { payload, by }: KeptPayload): ReturnType<PayloadReader> {
  const { result } = await callMethod(trigger, { ...by, input: JSON.parse(payload) });
  if (result.kind === 'skip') return { skipped: result.reason ?? 'skipped' };
  return { items: [itemOf(trigger, {}, result.item)], deliveryKey: null };
}
