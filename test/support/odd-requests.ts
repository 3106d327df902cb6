import fc from 'fast-check';
import * as vectors from '../../libs/triggers/src/sources/webhook/verify/vectors.contract.js';
import { sign } from './webhooks.js';

type Headers = Readonly<Record<string, string>>;
type Sign = (body: Buffer, secret: string, at: Date) => Headers;

const SECRET = 'the-secret-of-plain-signatures';
const OTHER_SECRET = 'c29tZWJvZHkgZWxzZSdzIHNlY3JldCBvZiAyNCBieXRlcw';
const { STANDARD, STRIPE, SLACK, GITHUB, SHOPIFY, TWITCH } = vectors;

/** What the fixture `fuzzed.mjs` is told. */
export const SECRETS = {
  standard: STANDARD.secrets[0],
  stripe: STRIPE.secrets[0],
  slack: SLACK.secrets[0],
  github: GITHUB.secrets[0],
  shopify: SHOPIFY.secrets[0],
  twitch: TWITCH.secrets[0],
  hmac: SECRET,
};

const plain: Sign = (body, secret) => ({ 'X-Signature': sign(body, secret) });
const shown: Sign = (_body, secret) => ({ 'X-Signature': secret });
const bearer: Sign = (_body, secret) => ({ Authorization: `Bearer ${secret}` });

/** How deliveries to a path are signed. */
const SIGNED: Readonly<Record<string, { readonly sign: Sign; readonly secret: string }>> = {
  standard: { sign: STANDARD.sign, secret: SECRETS.standard },
  stripe: { sign: STRIPE.sign, secret: SECRETS.stripe },
  slack: { sign: SLACK.sign, secret: SECRETS.slack },
  github: { sign: GITHUB.sign, secret: SECRETS.github },
  shopify: { sign: SHOPIFY.sign, secret: SECRETS.shopify },
  twitch: { sign: TWITCH.sign, secret: SECRETS.twitch },
  plain: { sign: plain, secret: SECRET },
  'cloud-signed': { sign: plain, secret: SECRET },
  chosen: { sign: plain, secret: SECRET },
  'tenants/acme': { sign: plain, secret: SECRET },
  'tenants/%F0%9F%98%80': { sign: plain, secret: SECRET },
  key: { sign: shown, secret: SECRET },
  custom: { sign: shown, secret: SECRET },
  bearer: { sign: bearer, secret: SECRET },
  cloud: { sign: bearer, secret: SECRET },
};
const OPEN = ['open', 'typed', 'ticket', 'form', 'big', 'small', 'filtered', 'mapped', 'batch', 'spoken'];

/** One request, before it is bytes. */
export interface OddRequest {
  readonly method: string;
  readonly path: string;
  readonly rest: string;
  readonly body: Buffer;
  readonly type: string | null;
  /** Signed as it should be, nearly so, with a secret of somebody else, or not at all. */
  readonly signature: 'right' | 'almost' | 'foreign' | 'none';
  readonly spoilt: { readonly at: number; readonly how: 'change' | 'cut' | 'twice' | 'blank' | 'upper' };
  /** When it says that it was signed, seen from now. */
  readonly offsetMs: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly isChunked: boolean;
}

const key = fc.oneof(
  fc.constantFrom('id', 'type', 'value', 'data', 'event_id', 'challenge', 'specversion', 'source', 'payload'),
  fc.constantFrom('__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'then', 'toJSON', ''),
  fc.string({ unit: 'binary', maxLength: 6 }),
);
// A lone surrogate is written as an escape: it is JSON, and no text that UTF-8 could carry.
const leaf = fc.oneof(
  fc.constantFrom(null, true, '\ud800', '\u0000', 'url_verification', 'skip', '1.0', -0, 5e-324, 2 ** 53 - 1),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.double({ noNaN: true, min: -1e6, max: 1e6 }),
);
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(tie('json'), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie('json')), { maxLength: 6 }).map((entries) => Object.fromEntries(entries)),
  ),
}));
const object = fc.array(fc.tuple(key, json), { maxLength: 5 }).map((entries) => Object.fromEntries(entries));
const jsonText = fc
  .oneof({ weight: 4, arbitrary: object }, { weight: 1, arbitrary: json })
  .map((value) => JSON.stringify(value));
const cloudEvent = fc
  .record({ specversion: leaf, id: leaf, source: leaf, type: leaf, data: json, time: leaf }, { requiredKeys: [] })
  .map((event) => JSON.stringify({ specversion: '1.0', id: '1', source: '/s', type: 't', ...event }));
const nested = fc
  .tuple(fc.constantFrom(['[', ']'], ['{"a":', '}']), fc.constantFrom(2, 60, 64, 65, 1_000, 50_000))
  .map(([[open, close], depth]) => `${open?.repeat(depth)}${open === '[' ? '' : '0'}${close?.repeat(depth)}`);
const odd = fc.constantFrom(
  ...[
    '',
    ' ',
    '\ufeff{}',
    '{"a":1}{}',
    '{"a":1e400}',
    '[12345678901234567890]',
    '{"id":"x","id":{}}',
    'NaN',
    "{'a':1}",
  ],
  ...['payload=%7B%22id%22%3A1%7D', 'payload=%', 'payload', 'a=1&a=2&__proto__=3&=&%00=%00', 'command=/x&text=%ff%fe'],
);
const long = fc
  .constantFrom(1_000, 70_000, 1_048_000, 1_048_577)
  .map((length) => JSON.stringify({ id: 'x'.repeat(length) }));
const text = fc.oneof(
  { weight: 10, arbitrary: jsonText },
  { weight: 3, arbitrary: cloudEvent },
  { weight: 4, arbitrary: odd },
  { weight: 1, arbitrary: nested },
);
const body = fc.oneof(
  { weight: 60, arbitrary: text.map((value) => Buffer.from(value)) },
  { weight: 6, arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)) },
  {
    weight: 8,
    arbitrary: fc.tuple(text, fc.nat(), fc.nat(255)).map(([value, at, byte]) => withByte(Buffer.from(value), at, byte)),
  },
  { weight: 1, arbitrary: long.map((value) => Buffer.from(value)) },
);

const type = fc.oneof(
  { weight: 20, arbitrary: fc.constant('application/json') },
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      ...['application/x-www-form-urlencoded', 'application/cloudevents+json', 'application/json; charset=UTF-8'],
      ...[
        'application/json; charset="utf-8"; x=";"',
        'application/json; charset=utf-16',
        'text/plain',
        'APPLICATION/JSON',
      ],
      ...[
        'application/cloudevents-batch+json',
        'multipart/form-data; boundary=x',
        '',
        ';',
        '/',
        'application/',
        '+json',
      ],
    ),
  },
  { weight: 1, arbitrary: fc.constant(null) },
);

const value = fc.oneof(
  fc.constantFrom(
    '',
    '1',
    't=',
    'v1,',
    'sha256=',
    'null',
    '-1',
    '1e309',
    '99999999999999999999',
    '0',
    'Bearer',
    'gzip',
  ),
  fc.constantFrom('identity', 'br, gzip', '1.0', '*', 'a, b', '"', '\u00ff\u00fe', 'x'.repeat(9_000), '{}', 'NaN'),
  fc.string({ unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)), maxLength: 30 }),
);
const name = fc.constantFrom(
  ...['X-Signature', 'X-Signature', 'Stripe-Signature', 'X-Slack-Signature', 'X-Slack-Request-Timestamp', 'Webhook-Id'],
  ...['Webhook-Timestamp', 'Webhook-Signature', 'X-Hub-Signature-256', 'X-Hub-Signature', 'X-Shopify-Hmac-Sha256'],
  ...['Twitch-Eventsub-Message-Timestamp', 'Twitch-Eventsub-Message-Id', 'Twitch-Eventsub-Message-Signature'],
  ...['Content-Encoding', 'Content-Type', 'X-Request-Id', '__proto__', 'constructor', 'X-Say', 'Authorization'],
  ...['ce-specversion', 'ce-id', 'ce-source', 'ce-type', 'ce-time', 'ce-data', 'X-Forwarded-For', 'Cookie', 'Accept'],
  ...['WebHook-Request-Origin', 'X-GitHub-Event', 'X-GitHub-Delivery', 'Origin', 'If-None-Match', 'Range', 'Expect'],
);
const SECOND = 1_000;

/** Requests to the fixture `fuzzed.mjs`: some as they should be, most odd in one way or in several. */
export const oddRequest: fc.Arbitrary<OddRequest> = fc.record({
  method: fc.oneof(
    { weight: 30, arbitrary: fc.constant('POST') },
    { weight: 2, arbitrary: fc.constantFrom('GET', 'HEAD', 'OPTIONS', 'PUT', 'PATCH', 'DELETE', 'PROPFIND', 'TRACE') },
  ),
  path: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...Object.keys(SIGNED)) },
    { weight: 2, arbitrary: fc.constantFrom(...OPEN) },
  ),
  rest: fc.oneof(
    { weight: 20, arbitrary: fc.constant('') },
    {
      weight: 3,
      arbitrary: fc.constantFrom(
        ...[
          '/',
          '//',
          '/..',
          '/%',
          '%00',
          '%ff',
          '?',
          '?a=%',
          '?a=%ff%00',
          '?__proto__=1',
          '?challenge=x',
          '?status=999',
        ],
        ...[
          '?challenge=%0d%0a&c=%0d%0aX:1',
          '?status=204',
          '?status=NaN',
          '?a=1&a=2',
          '/a/b/c/d/e/f/g/h/i',
          ';a',
          '?%00=1',
        ],
      ),
    },
  ),
  body,
  type,
  signature: fc.oneof(
    { weight: 6, arbitrary: fc.constant('right' as const) },
    { weight: 3, arbitrary: fc.constantFrom('almost' as const, 'foreign' as const, 'none' as const) },
  ),
  spoilt: fc.record({ at: fc.nat(), how: fc.constantFrom('change', 'cut', 'twice', 'blank', 'upper') }),
  offsetMs: fc.oneof(
    { weight: 5, arbitrary: fc.constant(0) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(-290 * SECOND, 290 * SECOND, -310 * SECOND, 310 * SECOND, -6e13, 8e15 - 2e12, -8e15),
    },
  ),
  headers: fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(fc.tuple(name, value), { maxLength: 4 }) },
  ),
  isChunked: fc.boolean(),
});

/** Its bytes. */
export function bytesOf(request: OddRequest, now: number): Buffer {
  const { method, path, rest, body: content, type: contentType, headers, isChunked } = request;
  const lines = [
    `${method} /webhooks/${path}${rest} HTTP/1.1`,
    'Host: x',
    ...(contentType === null ? [] : [`Content-Type: ${contentType}`]),
    isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${content.length}`,
    ...signatureOf(request, now).map(([header, text_]) => `${header}: ${text_}`),
    ...headers.map(([header, text_]) => `${header}: ${text_}`),
  ];
  return Buffer.concat([
    Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'),
    isChunked ? chunked(content) : content,
  ]);
}

/** Whether nobody has signed it who may: it must not be believed. */
export function isForged({ method, path, signature, headers }: OddRequest): boolean {
  return (
    method === 'POST' && path in SIGNED && (signature === 'foreign' || signature === 'none') && headers.length === 0
  );
}

/** Whether it is refused before it is read to its end: the sender may be cut off before it sees the answer. */
export function mayBeCutOff({ body: { length } }: OddRequest): boolean {
  return length > 60_000;
}

function signatureOf(
  { path, signature, spoilt, offsetMs, body: content }: OddRequest,
  now: number,
): [string, string][] {
  const signed = SIGNED[path];
  if (signed === undefined || signature === 'none') return [];
  const secret = signature !== 'foreign' ? signed.secret : path === 'standard' ? `whsec_${OTHER_SECRET}` : OTHER_SECRET;
  const headers = Object.entries(signed.sign(content, secret, new Date(now + offsetMs)));
  if (signature !== 'almost') return headers;
  const index = spoilt.at % headers.length;
  return headers.flatMap(([header, given], place) =>
    place === index ? spoil([header, given], spoilt) : [[header, given]],
  );
}

function spoil([header, given]: [string, string], { at, how }: OddRequest['spoilt']): [string, string][] {
  const place = at % given.length;
  switch (how) {
    case 'change':
      return [[header, `${given.slice(0, place)}~${given.slice(place + 1)}`]];
    case 'cut':
      return [[header, given.slice(0, place)]];
    case 'twice':
      return [
        [header, given],
        [header.toUpperCase(), given],
      ];
    case 'blank':
      return [[header, `${given.slice(0, place)} ${given.slice(place)}`]];
    case 'upper':
      return [[header, given.toUpperCase()]];
  }
}

function withByte(bytes: Buffer, at: number, byte: number): Buffer {
  if (bytes.length > 0) bytes[at % bytes.length] = byte;
  return bytes;
}

function chunked(content: Buffer): Buffer {
  if (content.length === 0) return Buffer.from('0\r\n\r\n');
  const half = Math.max(1, content.length >> 1);
  const chunks = [content.subarray(0, half), content.subarray(half)].filter(({ length }) => length > 0);
  return Buffer.concat([
    ...chunks.flatMap((chunk) => [Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')]),
    Buffer.from('0\r\n\r\n'),
  ]);
}
