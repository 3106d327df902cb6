import { TriggersError } from '../../../model/errors.js';
import type { Json } from '../../../model/json.js';
import { mediaTypeOf } from './body-form.js';
import { cloudEventOf, isStructured } from './cloud-event.reading.js';
import { idAsKey, memberOf } from './signed.verifier.js';
import type { Coverage, VerifierSetup, WebhookAnswer, WebhookDelivery, WebhookVerifier } from './verifier.js';

/** Options of {@link cloudEvents}. */
export interface CloudEventsOptions {
  /** Who checks the sender: CloudEvents sign nothing themselves. Usually `apiKey({ scheme: 'bearer', … })`. */
  readonly verify: WebhookVerifier;
  /** Senders that are told on OPTIONS that they may send, as they name themselves; `*` for all. @default none: 405 */
  readonly allowedOrigins?: readonly string[];
  /** Requests per minute that are granted on OPTIONS. It is said, not enforced: `rateLimit` does that. @default no limit */
  readonly rate?: number;
}

/**
 * CloudEvents 1.0 over HTTP, in structured mode (`application/cloudevents+json`) and in binary mode (`ce-…` headers). What is
 * fired is the event in its JSON form: attributes, and `data` or `data_base64`. Batches are refused (415).
 *
 * Source and id together are the dedup key, for 7 days, if `verify` checks anything. Where it covers the body alone, binary
 * mode is refused (415): its attributes stand in headers that nobody signed.
 *
 * `WebHook-Request-Callback` is never called: that would let anybody make this server send requests.
 *
 * @see https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/http-protocol-binding.md
 * @see https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md
 * @example cloudEvents({ verify: apiKey({ scheme: 'bearer', keys }), allowedOrigins: ['eventgrid.azure.net'] })
 */
export function cloudEvents(options: CloudEventsOptions): WebhookVerifier {
  const { verify: inner, allowedOrigins = [], rate } = options;
  const covers = inner?.covers ?? 'nothing';
  return {
    preset: 'cloudEvents',
    covers,
    resendsSameBytes: inner?.resendsSameBytes ?? false,
    contentTypes: ['*'],
    secretHeaders: inner?.secretHeaders ?? [],
    async open(setup) {
      checkOptions(options, setup);
      return inner.open({ ...setup, option: `${setup.option}.verify` });
    },
    refusedType: (delivery) => refusedType(delivery, covers),
    payloadOf: cloudEventOf,
    ...(covers !== 'nothing' && { keyOf: sourceAndId }),
    handshake: (delivery) => handshake(delivery, allowedOrigins, rate),
  };
}

function sourceAndId(_delivery: WebhookDelivery, payload: Json): string | null {
  return idAsKey(JSON.stringify([memberOf(payload, 'source'), memberOf(payload, 'id')]));
}

function refusedType(delivery: WebhookDelivery, covers: Coverage): string | null {
  const mediaType = mediaTypeOf(delivery);
  if (mediaType.startsWith('application/cloudevents-batch'))
    return 'Batches of CloudEvents are not taken. Send one event per request.';
  if (isStructured(delivery)) return null;
  if (mediaType.startsWith('application/cloudevents'))
    return 'Of the formats of CloudEvents only application/cloudevents+json is taken.';
  if (delivery.headers['ce-specversion'] === undefined)
    return 'This is no CloudEvent: neither application/cloudevents+json nor a header ce-specversion.';
  if (covers !== 'body') return null;
  return 'The signature covers the body alone. Send in structured mode (application/cloudevents+json).';
}

/** The permission to send, which the headers are and the status is not. Origins come from the list, none is echoed. */
function handshake(
  { method, headers }: WebhookDelivery,
  origins: readonly string[],
  rate: number | undefined,
): WebhookAnswer | null {
  const asking = headers['webhook-request-origin'];
  if (method !== 'OPTIONS' || asking === undefined || origins.length === 0) return null;
  const allowed = origins.find((origin) => origin === asking) ?? origins.find((origin) => origin === '*');
  if (allowed === undefined) return { status: 403, headers: { allow: 'POST' }, body: '' };
  const granted = rate === undefined ? '*' : String(rate);
  return {
    status: 200,
    headers: { allow: 'POST', 'webhook-allowed-origin': allowed, 'webhook-allowed-rate': granted },
    body: '',
  };
}

function checkOptions({ verify, allowedOrigins = [], rate }: CloudEventsOptions, setup: VerifierSetup): void {
  const fail = (name: string, takes: string): never => {
    throw new TriggersError(
      'TRG_DEF_INVALID_OPTION',
      `${setup.where}, option "${setup.option}.${name}" takes ${takes}.`,
    );
  };
  if (typeof verify?.open !== 'function')
    fail('verify', 'a preset that checks the sender, such as apiKey({ scheme: "bearer", keys })');
  if (!Array.isArray(allowedOrigins) || !allowedOrigins.every(isOrigin))
    fail('allowedOrigins', 'a list of names such as "eventgrid.azure.net", or "*"');
  if (rate !== undefined && (!Number.isSafeInteger(rate) || rate < 1)) fail('rate', 'a whole number from 1');
}

/** It is sent back in a header. */
function isOrigin(origin: unknown): boolean {
  return typeof origin === 'string' && /^[\x21-\x7e]+$/.test(origin);
}
