import type { Json, JsonObject } from '../../../model/json.js';
import { isJsonType, mediaTypeOf } from './body-form.js';
import type { BodyReader, PayloadReading, WebhookDelivery } from './verifier.js';

/** Attributes that every event has, as texts that are not empty. */
const REQUIRED = ['id', 'source', 'type', 'specversion'];
const SPEC_VERSION = '1.0';

/** Whether an event stands in the body, attributes and all. */
export function isStructured(delivery: WebhookDelivery): boolean {
  return mediaTypeOf(delivery) === 'application/cloudevents+json';
}

/** The event of a request in its JSON form, from structured or binary mode. */
export function cloudEventOf(delivery: WebhookDelivery, read: BodyReader): PayloadReading {
  const event = isStructured(delivery) ? read.json(delivery.body) : binaryEvent(delivery, read);
  if (typeof event === 'string') return invalid(event);
  if (typeof event !== 'object' || event === null || Array.isArray(event)) return invalid('it is no JSON object');
  const attributes = event as JsonObject;
  const absent = REQUIRED.find((name) => !isText(attributes[name]));
  if (absent !== undefined) return invalid(`it has no ${absent}`);
  if (attributes['specversion'] !== SPEC_VERSION) return invalid(`its specversion is not ${SPEC_VERSION}`);
  return { ok: true, payload: event };
}

/** The event whose attributes are headers; a text says why they are none. */
function binaryEvent(delivery: WebhookDelivery, read: BodyReader): JsonObject | string {
  const attributes: [string, Json][] = [];
  for (const [header, text] of Object.entries(delivery.headers)) {
    const name = /^ce-([a-z0-9]+)$/.exec(header)?.[1];
    if (name === undefined || NOT_IN_HEADERS.includes(name)) continue;
    const value = decoded(text);
    if (value === null) return `its header ${header} is no percent-encoded UTF-8`;
    attributes.push([name, value]);
  }
  const contentType = delivery.headers['content-type'];
  if (contentType !== undefined) attributes.push(['datacontenttype', contentType]);
  return { ...Object.fromEntries(attributes), ...dataOf(delivery, read) };
}

/** The body is the data and its media type their type. */
const NOT_IN_HEADERS = ['datacontenttype', 'data'];

function dataOf(delivery: WebhookDelivery, read: BodyReader): JsonObject {
  const { body } = delivery;
  if (body.length === 0) return {};
  const mediaType = mediaTypeOf(delivery);
  if (mediaType === '' || isJsonType(mediaType)) return { data: read.json(body) };
  const text = mediaType.startsWith('text/') ? utf8(body) : null;
  return text === null ? { data_base64: body.toString('base64') } : { data: text };
}

/** The value of a header: without quotes, percent-decoded once; `null` if what was encoded is no UTF-8. */
function decoded(header: string): string | null {
  const quoted = /^"((?:[^"\\]|\\.)*)"$/.exec(header)?.[1];
  const text = quoted === undefined ? header : quoted.replace(/\\(.)/g, '$1');
  let isUtf8 = true;
  const value = text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => {
    const characters = utf8(Buffer.from(run.replaceAll('%', ''), 'hex'));
    isUtf8 &&= characters !== null;
    return characters ?? '';
  });
  return isUtf8 ? value : null;
}

function utf8(bytes: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

function isText(value: Json | undefined): boolean {
  return typeof value === 'string' && value !== '';
}

function invalid(why: string): PayloadReading {
  return { ok: false, status: 400, reason: `This is no valid CloudEvent: ${why}.` };
}
