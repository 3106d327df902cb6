import type { BodyReader, PayloadReading, WebhookDelivery } from './verifier.js';

/** The media type of an HTML form. */
export const FORM = 'application/x-www-form-urlencoded';

/** The media type of a delivery, in lower case and without parameters; `''` if it names none. */
export function mediaTypeOf({ headers }: WebhookDelivery): string {
  return (headers['content-type'] ?? '').replace(/;.*$/s, '').trim().toLowerCase();
}

/** Whether a media type is JSON: `application/json`, `text/json` and whatever ends in `+json`. */
export function isJsonType(mediaType: string): boolean {
  return /^(application|text)\/json$|^[^/]+\/[^/]+\+json$/.test(mediaType);
}

/** A body that is JSON, or a form whose field `payload` holds the JSON; a form without that field is taken as it is. */
export function jsonOrForm(delivery: WebhookDelivery, read: BodyReader): PayloadReading {
  if (mediaTypeOf(delivery) !== FORM) return { ok: true, payload: read.json(delivery.body) };
  const form = read.form(delivery.body);
  const { payload } = form;
  return { ok: true, payload: typeof payload === 'string' ? read.json(Buffer.from(payload)) : form };
}
