import { CloudEvent, HTTP } from 'cloudevents';
import type { Message } from 'cloudevents';
import { apiKey } from './api-key.verifier.js';
import { cloudEvents } from './cloud-events.verifier.js';
import type { CloudEventsOptions } from './cloud-events.verifier.js';
import { custom } from './custom.verifier.js';
import { deliver, NOW, open, reader } from './delivery.contract.js';
import { unsigned } from './unsigned.verifier.js';
import { GITHUB } from './vectors.contract.js';

const events = cloudEvents({ verify: apiKey({ scheme: 'bearer', keys: 'k1' }) });
const read = (delivery: ReturnType<typeof deliver>) => events.payloadOf?.(delivery, reader);

/** What the SDK sends, as it arrives: names in lower case, everything text. */
function arrived({ headers, body }: Message) {
  const entries = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]);
  return deliver({ headers: Object.fromEntries(entries) as Record<string, string>, body: body as string });
}

const attributes = { id: 'A234-1234', source: '/inbox/eu', type: 'com.example.order.paid', specversion: '1.0' };
const binary = (given: Record<string, string> = {}) =>
  Object.fromEntries(Object.entries({ ...attributes, ...given }).map(([name, value]) => [`ce-${name}`, value]));
const JSON_TYPE = { 'content-type': 'application/json' };
const STRUCTURED = { 'content-type': 'application/cloudevents+json; charset=utf-8' };

describe('what the SDK sends', () => {
  const sent = new CloudEvent({
    ...attributes,
    time: '2026-03-01T12:00:00.000Z',
    subject: 'order-7',
    dataschema: 'https://example.com/order.json',
    tenant: 'acme',
    datacontenttype: 'application/json',
    data: { amount: 12.5, lines: ['ä', '🦄'] },
  });

  it.each([
    { mode: 'binary', message: HTTP.binary(sent) },
    { mode: 'structured', message: HTTP.structured(sent) },
  ])('is fired as attributes and data in $mode mode', ({ message }) => {
    const delivery = arrived(message);
    expect(events.refusedType?.(delivery)).toBeNull();
    expect(read(delivery)).toEqual({ ok: true, payload: JSON.parse(JSON.stringify(sent)) as unknown });
    expect(events.keyOf?.(delivery, JSON.parse(JSON.stringify(sent)) as never)).toBe('["/inbox/eu","A234-1234"]');
  });
});

describe('binary mode', () => {
  it.each([
    { encoded: 'Euro%20%E2%82%AC%20%F0%9F%98%80', value: 'Euro € 😀' },
    { encoded: 'Euro%20%e2%82%ac', value: 'Euro €' },
    { encoded: '%41%42', value: 'AB' },
    { encoded: '100%2525', value: '100%25' },
    { encoded: '100%', value: '100%' },
    { encoded: '"a \\"quoted\\" text"', value: 'a "quoted" text' },
    { encoded: 'say "no"', value: 'say "no"' },
  ])('decodes $encoded once', ({ encoded, value }) => {
    const delivery = deliver({ headers: { ...binary({ subject: encoded }), ...JSON_TYPE }, body: '{}' });
    expect(read(delivery)).toMatchObject({ ok: true, payload: { subject: value } });
  });

  it.each(['%C0%A0', '%ff', '%E2%82', 'a%80'])('refuses %s, which is no UTF-8', (subject) => {
    const delivery = deliver({ headers: { ...binary({ subject }), ...JSON_TYPE } });
    expect(read(delivery)).toEqual({
      ok: false,
      status: 400,
      reason: 'This is no valid CloudEvent: its header ce-subject is no percent-encoded UTF-8.',
    });
  });

  it.each([
    { type: 'application/json', body: '[1]', data: { data: [1] } },
    { type: 'application/vnd.acme.order+json; v=1', body: '"x"', data: { data: 'x' } },
    { type: 'text/plain', body: 'hällo', data: { data: 'hällo' } },
    { type: 'text/plain', body: Buffer.from([0xff]), data: { data_base64: '/w==' } },
    { type: 'application/octet-stream', body: Buffer.from([0, 1]), data: { data_base64: 'AAE=' } },
    { type: 'application/json', body: '', data: {} },
  ])('fires $data for the data $body of type $type', ({ type, body, data }) => {
    const delivery = deliver({ headers: { ...binary(), 'content-type': type }, body });
    expect(read(delivery)).toEqual({ ok: true, payload: { ...attributes, datacontenttype: type, ...data } });
  });

  it('takes an event without data and without a type', () => {
    expect(read(deliver({ headers: binary(), body: '' }))).toEqual({ ok: true, payload: attributes });
    expect(read(deliver({ headers: binary(), body: '7' }))).toEqual({ ok: true, payload: { ...attributes, data: 7 } });
  });

  it('takes the type of the data from Content-Type alone, and data from the body alone', () => {
    const headers = { ...binary({ datacontenttype: 'text/plain', data: 'x', Data_Base64: 'x' }), ...JSON_TYPE };
    const payload = { ...attributes, datacontenttype: 'application/json', data: {} };
    expect(read(deliver({ headers }))).toEqual({ ok: true, payload });
    const { 'content-type': _type, ...others } = headers;
    expect(read(deliver({ headers: others, body: '' }))).toEqual({ ok: true, payload: attributes });
  });

  it('leaves what is no JSON to the endpoint, which answers 400', () => {
    expect(() => read(deliver({ headers: { ...binary(), ...JSON_TYPE }, body: '{' }))).toThrow(SyntaxError);
  });
});

describe('an event', () => {
  it.each(['id', 'source', 'type', 'specversion'])('has a %s, in both modes', (name) => {
    const { [name as 'id']: _left, ...others } = attributes;
    const why = { ok: false, status: 400, reason: `This is no valid CloudEvent: it has no ${name}.` };
    const structured = (event: object) => deliver({ headers: STRUCTURED, body: JSON.stringify(event) });
    expect(read(structured(others))).toEqual(why);
    expect(read(structured({ ...others, [name]: '' }))).toEqual(why);
    expect(read(structured({ ...others, [name]: 1 }))).toEqual(why);
    const { [`ce-${name}`]: _gone, ...headers } = binary();
    expect(read(deliver({ headers: { ...headers, ...JSON_TYPE } }))).toEqual(why);
  });

  it('is of version 1.0', () => {
    const body = JSON.stringify({ ...attributes, specversion: '0.3' });
    expect(read(deliver({ headers: STRUCTURED, body }))).toMatchObject({
      ok: false,
      reason: 'This is no valid CloudEvent: its specversion is not 1.0.',
    });
  });

  it.each(['[]', 'null', '"x"', '1'])('is an object and not %s', (body) => {
    expect(read(deliver({ headers: STRUCTURED, body }))).toMatchObject({ ok: false, status: 400 });
  });
});

describe('the media type', () => {
  it.each([
    {
      type: 'application/cloudevents-batch+json',
      says: 'Batches of CloudEvents are not taken. Send one event per request.',
    },
    {
      type: 'application/cloudevents-batch+json; charset=utf-8',
      says: 'Batches of CloudEvents are not taken. Send one event per request.',
    },
    {
      type: 'application/cloudevents+avro',
      says: 'Of the formats of CloudEvents only application/cloudevents+json is taken.',
    },
    {
      type: 'application/json',
      says: 'This is no CloudEvent: neither application/cloudevents+json nor a header ce-specversion.',
    },
  ])('$type is refused: $says', ({ type, says }) => {
    expect(events.refusedType?.(deliver({ headers: { 'content-type': type }, body: '[]' }))).toBe(says);
  });

  it('of binary mode is refused where the signature covers the body alone', () => {
    const signed = cloudEvents({ verify: GITHUB.preset(GITHUB.secrets[0]) });
    expect(signed.refusedType?.(deliver({ headers: { ...binary(), ...JSON_TYPE } }))).toBe(
      'The signature covers the body alone. Send in structured mode (application/cloudevents+json).',
    );
    expect(signed.refusedType?.(deliver({ headers: STRUCTURED }))).toBeNull();
    const unchecked = cloudEvents({ verify: unsigned() });
    expect(unchecked.refusedType?.(deliver({ headers: { ...binary(), ...JSON_TYPE } }))).toBeNull();
  });
});

describe('the sender', () => {
  it('is checked by another preset, whose secret headers stay secret', async () => {
    const verifier = await open(events);
    expect(events).toMatchObject({ covers: 'request', resendsSameBytes: false, secretHeaders: ['authorization'] });
    expect(await verifier.verify(deliver({ headers: { authorization: 'Bearer k1' } }))).toEqual({ ok: true });
    expect(await verifier.verify(deliver({ headers: { authorization: 'Bearer k2' } }))).toMatchObject({ ok: false });
  });

  it('may sign structured events', async () => {
    const body = Buffer.from(JSON.stringify(attributes));
    const [secret] = GITHUB.secrets;
    const signed = cloudEvents({ verify: GITHUB.preset(secret) });
    const delivery = deliver({ body, headers: { ...STRUCTURED, ...GITHUB.sign(body, secret, NOW) } });
    expect(await (await open(signed)).verify(delivery)).toEqual({ ok: true });
    expect(signed.keyOf?.(delivery, attributes)).toBe('["/inbox/eu","A234-1234"]');
  });

  it('gives source and id as one key, which no other pair has', () => {
    const keyOf = (source: string, id: string) => events.keyOf?.(deliver({}), { ...attributes, source, id });
    expect(new Set([keyOf('a', 'b,c'), keyOf('a,b', 'c'), keyOf('a"', '"b'), keyOf('a', '""b')]).size).toBe(4);
    expect(keyOf('s'.repeat(1_024), '1')).toBeNull();
  });

  it('is not believed when it names an event that nobody checks', () => {
    expect(cloudEvents({ verify: unsigned() }).keyOf).toBeUndefined();
    expect(cloudEvents({ verify: custom(() => true) }).keyOf).toBeDefined();
  });
});

describe('the handshake', () => {
  const ask = (options: Partial<CloudEventsOptions>, headers: Record<string, string>, method = 'OPTIONS') =>
    cloudEvents({ verify: unsigned(), ...options }).handshake?.(deliver({ method, headers }));
  const origin = { 'webhook-request-origin': 'eventgrid.azure.net' };
  const allowed = { allow: 'POST', 'webhook-allowed-origin': 'eventgrid.azure.net', 'webhook-allowed-rate': '*' };

  it('allows a sender of the list, at any rate unless one is given', () => {
    const allowedOrigins = ['hooks.example.com', 'eventgrid.azure.net'];
    const answer = { status: 200, headers: allowed, body: '' };
    expect(ask({ allowedOrigins }, origin)).toEqual(answer);
    expect(ask({ allowedOrigins, rate: 120 }, { ...origin, 'webhook-request-rate': '1000' })).toEqual({
      ...answer,
      headers: { ...allowed, 'webhook-allowed-rate': '120' },
    });
  });

  it('answers "*" and never the name of a stranger', () => {
    const stranger = { 'webhook-request-origin': 'evil.example' };
    expect(ask({ allowedOrigins: ['*'] }, stranger)?.headers['webhook-allowed-origin']).toBe('*');
    expect(ask({ allowedOrigins: ['*', 'eventgrid.azure.net'] }, origin)?.headers).toEqual(allowed);
  });

  it.each(['evil.example', 'EventGrid.azure.net', 'eventgrid.azure.net, evil.example', ''])(
    'gives no permission to "%s"',
    (name) => {
      const answer = ask({ allowedOrigins: ['eventgrid.azure.net'] }, { 'webhook-request-origin': name });
      expect(answer).toEqual({ status: 403, headers: { allow: 'POST' }, body: '' });
    },
  );

  it('is none without a list, without a name, and with another method', () => {
    expect(ask({}, origin)).toBeNull();
    expect(ask({ allowedOrigins: ['*'] }, {})).toBeNull();
    expect(ask({ allowedOrigins: ['*'] }, origin, 'GET')).toBeNull();
  });
});

describe('options', () => {
  const key = apiKey({ scheme: 'bearer', keys: 'k1' });

  it.each([
    { option: 'verify', options: {} },
    { option: 'verify', options: { verify: 'github' } },
    { option: 'allowedOrigins', options: { verify: key, allowedOrigins: 'a.example' } },
    { option: 'allowedOrigins', options: { verify: key, allowedOrigins: ['a\r\nb'] } },
    { option: 'rate', options: { verify: key, rate: 0 } },
    { option: 'rate', options: { verify: key, rate: 1.5 } },
    { option: 'verify.keys', options: { verify: apiKey({ scheme: 'bearer', keys: '' }) } },
  ])('are refused at boot: "$option"', async ({ option, options }) => {
    await expect(open(cloudEvents(options as unknown as CloudEventsOptions))).rejects.toMatchObject({
      code: 'TRG_DEF_INVALID_OPTION',
      message: expect.stringContaining(`Trigger "payments" (Payments.onEvent), option "verify.${option}"`) as string,
    });
  });
});
