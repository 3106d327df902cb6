import { isTriggersError } from '../../../model/errors.js';
import { FORM, isJsonType, mediaTypeOf } from '../verify/body-form.js';
import type { PayloadReading } from '../verify/verifier.js';
import { refusal } from './answers.js';
import { bodyReader } from './body.reader.js';
import { hashKey } from './delivery-key.js';
import { keepLetter } from './letters.js';
import type { Passage } from './passage.js';
import type { Reply, Step, WebhookTools } from './step.js';

/** Bytes to JSON, now that the sender is known: 400, or 415 where the vendor's form is another. */
export const readPayload: Step = (passage, tools) => {
  const reading = readingOf(passage);
  if (!reading.ok) return () => unreadable(passage, tools, reading);
  passage.payload = reading.payload;
  return undefined;
};

async function unreadable(
  passage: Passage,
  tools: WebhookTools,
  reading: Extract<PayloadReading, { ok: false }>,
): Promise<Reply> {
  const { trigger } = passage;
  if (trigger.verifier.covers === 'nothing') tools.refusals.note(passage, reading.reason);
  else {
    const kept = await keepLetter({ passage, tools, reason: reading.reason, key: hashKey(passage) });
    if (kept instanceof Error) return kept;
  }
  return refusal(reading.status === 415 ? 'TRG_WEBHOOK_MEDIA_TYPE' : 'TRG_WEBHOOK_PAYLOAD', reading.reason);
}

function readingOf(passage: Passage): PayloadReading {
  try {
    return read(passage);
  } catch (error) {
    if (isTriggersError(error, 'TRG_WEBHOOK_PAYLOAD')) return { ok: false, status: 400, reason: error.message };
    throw error;
  }
}

function read({ trigger, delivery }: Passage): PayloadReading {
  const reader = bodyReader(trigger);
  const { verifier } = trigger;
  const type = mediaTypeOf(delivery);
  const isVendors = isJsonType(type) || verifier.contentTypes.includes(type) || verifier.contentTypes.includes('*');
  if (verifier.payloadOf !== undefined && isVendors) return verifier.payloadOf(delivery, reader);
  if (delivery.body.length === 0) return { ok: true, payload: {} };
  if (isJsonType(type)) return { ok: true, payload: reader.json(delivery.body) };
  if (type === FORM) return { ok: true, payload: reader.form(delivery.body) };
  return { ok: true, payload: type.startsWith('text/') ? delivery.body.toString() : null };
}
