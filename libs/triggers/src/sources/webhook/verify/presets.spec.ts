import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { apiKey } from './api-key.verifier.js';
import type { ApiKeyOptions } from './api-key.verifier.js';
import { deliver, NOW, open, reader } from './delivery.contract.js';
import { github } from './github.verifier.js';
import { hmac } from './hmac.verifier.js';
import type { HmacOptions } from './hmac.options.js';
import { shopify } from './shopify.verifier.js';
import { slack } from './slack.verifier.js';
import { standardWebhooks } from './standard-webhooks.verifier.js';
import { stripe } from './stripe.verifier.js';
import { unsigned } from './unsigned.verifier.js';
import { SLACK, STANDARD, STRIPE } from './vectors.contract.js';

const OK = { ok: true };
const secret = 's3cr3t';
const form = { 'content-type': 'application/x-www-form-urlencoded' };

it.each([
  { preset: standardWebhooks({ secret }), covers: 'body', resends: false },
  { preset: github({ secret }), covers: 'body', resends: true },
  { preset: stripe({ secret }), covers: 'body', resends: false },
  { preset: slack({ secret }), covers: 'body', resends: false },
  { preset: shopify({ secret }), covers: 'body', resends: true },
  { preset: hmac({ header: 'x-s', secret }), covers: 'body', resends: false },
  { preset: hmac({ header: 'x-s', secret, resendsSameBytes: true }), covers: 'body', resends: true },
  { preset: apiKey({ header: 'x-key', keys: 'k' }), covers: 'request', resends: false },
  { preset: unsigned(), covers: 'nothing', resends: false },
])('$preset.preset covers the $covers and sends the same bytes again: $resends', ({ preset, covers, resends }) => {
  expect(preset).toMatchObject({ covers, resendsSameBytes: resends });
});

it.each([
  github({ secret }),
  shopify({ secret }),
  hmac({ header: 'x-s', secret }),
  apiKey({ header: 'x-key', keys: 'k' }),
  unsigned(),
])('$preset has no id to take for a key, and says so', (preset) => {
  expect(preset.keyOf).toBeUndefined();
});

describe('the dedup key', () => {
  const long = 'x'.repeat(1_025);

  it.each([
    {
      of: 'the signed id of Standard Webhooks',
      preset: standardWebhooks({ secret }),
      headers: { 'webhook-id': 'msg_1' },
      key: 'msg_1',
    },
    { of: "the id of Stripe's event", preset: stripe({ secret }), payload: { id: 'evt_1' }, key: 'evt_1' },
    { of: "the event_id of Slack's event", preset: slack({ secret }), payload: { event_id: 'Ev1' }, key: 'Ev1' },
    {
      of: 'the id that an HMAC covers',
      preset: hmac({ header: 'x-s', secret, template: '{id}.{body}', idHeader: 'X-Id' }),
      headers: { 'x-id': '7' },
      key: '7',
    },
    { of: 'no number', preset: stripe({ secret }), payload: { id: 1 }, key: null },
    { of: 'no empty text', preset: stripe({ secret }), payload: { id: '' }, key: null },
    { of: 'no text that is too long', preset: stripe({ secret }), payload: { id: long }, key: null },
    {
      of: 'nothing inherited',
      preset: stripe({ secret }),
      payload: Object.create({ id: 'evt_1' }) as object,
      key: null,
    },
    { of: 'nothing of a list', preset: stripe({ secret }), payload: [], key: null },
    { of: 'nothing of null', preset: slack({ secret }), payload: null, key: null },
  ])('is $of', ({ preset, headers = {}, payload = {}, key }) => {
    expect(preset.keyOf?.(deliver({ headers }), payload as never)).toBe(key);
  });
});

describe('Standard Webhooks', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  const whpk = `whpk_${raw.toString('base64')}`;
  const time = String(NOW.getTime() / 1_000);
  const body = Buffer.from([0x22, 0xff, 0x22]);
  const byOwner = sign(null, Buffer.concat([Buffer.from(`msg_1.${time}.`), body]), privateKey).toString('base64');
  const headers = { 'webhook-id': 'msg_1', 'webhook-timestamp': time, 'webhook-signature': `v1a,${byOwner}` };
  const [whsec] = STANDARD.secrets;

  it('accepts what the owner of a public key signed, over bytes', async () => {
    const verifier = await open(standardWebhooks({ secret: whpk }));
    expect(await verifier.verify(deliver({ body, headers }))).toEqual(OK);
    expect(await verifier.verify(deliver({ body: '"?"', headers }))).toMatchObject({ ok: false });
    const moved = { ...headers, 'webhook-id': 'msg_2' };
    expect(await verifier.verify(deliver({ body, headers: moved }))).toMatchObject({ ok: false });
  });

  it.each([
    { what: 'a scheme it does not know', signature: `v2a,${byOwner}` },
    { what: 'the signature of an owner under the scheme of shared secrets', signature: `v1,${byOwner}` },
    {
      what: 'a signature written in a second way',
      signature: `v1a,${byOwner.slice(0, -3)}${byOwner.at(-3) === 'A' ? 'B' : 'A'}==`,
    },
    { what: 'a signature that is too short', signature: 'v1a,AAAA' },
    { what: 'no signature', signature: '' },
  ])('refuses $what', async ({ signature }) => {
    const verifier = await open(standardWebhooks({ secret: [whpk, whsec] }));
    const verdict = await verifier.verify(deliver({ body, headers: { ...headers, 'webhook-signature': signature } }));
    expect(verdict).toEqual({ ok: false, reason: 'no active secret has made this signature' });
  });

  it('changes from a shared secret to a key pair without a gap', async () => {
    const verifier = await open(standardWebhooks({ secret: [whsec, whpk] }));
    expect(await verifier.verify(deliver({ body, headers }))).toEqual(OK);
    expect(await verifier.verify(deliver({ body, headers: STANDARD.sign(body, whsec, NOW) }))).toEqual(OK);
    const signatures = `v9,xyz v1a,AAAA ${STANDARD.sign(body, whsec, NOW)['webhook-signature']}`;
    expect(await verifier.verify(deliver({ body, headers: { ...headers, 'webhook-signature': signatures } }))).toEqual(
      OK,
    );
  });

  it('looks at ten signatures at most: each may cost a slow check', async () => {
    const verifier = await open(standardWebhooks({ secret: whpk }));
    const many = (count: number) => ({
      ...headers,
      'webhook-signature': `${'v1a,AAAA '.repeat(count - 1)}v1a,${byOwner}`,
    });
    expect(await verifier.verify(deliver({ body, headers: many(10) }))).toEqual(OK);
    expect(await verifier.verify(deliver({ body, headers: many(11) }))).toEqual({
      ok: false,
      reason: 'there are more than 10 signatures',
    });
  });

  it('refuses an id with a full stop, which could hide a time and a body of its own', async () => {
    // Signed is "msg_1.<time>.{…}": cut elsewhere, the same text is another id with another body.
    const inner = Buffer.from(`{"note":".${time}.{}`);
    const signed = STANDARD.sign(inner, whsec, NOW);
    const forged = { ...signed, 'webhook-id': `msg_1.${time}.{"note":"` };
    const verifier = await open(standardWebhooks({ secret: whsec }));
    expect(await verifier.verify(deliver({ body: inner, headers: signed }))).toEqual(OK);
    expect(await verifier.verify(deliver({ body: '{}', headers: forged }))).toEqual({
      ok: false,
      reason: 'the header webhook-id has a full stop in it',
    });
  });

  it('takes the header names of Svix on demand, and the base64 secret without its prefix', async () => {
    const signed = STANDARD.sign(body, whsec, NOW);
    const renamed = Object.fromEntries(
      Object.entries(signed).map(([name, value]) => [name.replace('webhook', 'svix'), value]),
    );
    const preset = standardWebhooks({ secret: whsec.slice('whsec_'.length), headers: 'svix' });
    const verifier = await open(preset);
    expect(await verifier.verify(deliver({ body, headers: renamed }))).toEqual(OK);
    expect(await verifier.verify(deliver({ body, headers: signed }))).toMatchObject({ ok: false });
    expect(preset.keyOf?.(deliver({ headers: renamed }), {})).toBe('msg_1');
  });

  it.each([
    { bad: 'whsec_', says: 'no base64 text' },
    { bad: 'whsec_not base64!', says: 'no base64 text' },
    { bad: 'whsk_AAAA', says: 'private key' },
    { bad: 'whpk_AAAA', says: 'no base64 text of 32 bytes' },
    { bad: 'whpk_%%%', says: 'no base64 text of 32 bytes' },
  ])('refuses the secret "$bad" at boot without quoting it', async ({ bad, says }) => {
    const opening = open(standardWebhooks({ secret: [whsec, bad] }));
    await expect(opening).rejects.toMatchObject({
      code: 'TRG_DEF_INVALID_OPTION',
      message: expect.stringMatching(new RegExp(`^Trigger "payments" .*option "verify.secret": .*${says}`)) as string,
    });
    await expect(opening).rejects.not.toThrow(bad.slice(6) || whsec);
  });
});

it.each([
  {
    header: 'webhook-id',
    preset: standardWebhooks({ secret: 'AAAA' }),
    key: Buffer.alloc(3),
    before: `.${NOW.getTime() / 1_000}.`,
  },
  {
    header: 'x-id',
    preset: hmac({ header: 'x-s', encoding: 'base64', secret: 'k', template: '{id}|{body}', idHeader: 'x-id' }),
    key: 'k',
    before: '|',
  },
])('refuses a delivery without $header, though the rest of it is signed', async ({ header, preset, key, before }) => {
  const signature = createHmac('sha256', key).update(`${before}{}`).digest('base64');
  const time = String(NOW.getTime() / 1_000);
  const headers = { 'webhook-timestamp': time, 'webhook-signature': `v1,${signature}`, 'x-s': signature };
  const verifier = await open(preset);
  const reason = `the header ${header} is missing`;
  expect(await verifier.verify(deliver({ headers }))).toEqual({ ok: false, reason });
  expect(await verifier.verify(deliver({ headers: { ...headers, [header]: '' } }))).toEqual({ ok: false, reason });
});

describe('Stripe', () => {
  const [whsec] = STRIPE.secrets;
  const signed = STRIPE.sign(Buffer.from('{}'), whsec, NOW)['stripe-signature'] as string;
  const [time = '', v1 = ''] = signed.split(',');

  it.each([
    { what: 'several v1, one of them right', header: `${time},v1=${'0'.repeat(64)},${v1}`, ok: true },
    { what: 'v0 beside v1', header: `${time},${v1},v0=6ffbb59b2300aae6`, ok: true },
    { what: 'the elements in another order', header: `${v1},${time}`, ok: true },
    { what: 'v0 alone', header: `${time},${v1.replace('v1', 'v0')}`, ok: false },
    { what: 'two times', header: `${time},${time},${v1}`, ok: false },
    { what: 'a second time from another time', header: `t=1,${time},${v1}`, ok: false },
    { what: 'no time', header: v1, ok: false },
    { what: 'an empty time', header: `t=,${v1}`, ok: false },
    { what: 'a time that is no number', header: `t=now,${v1}`, ok: false },
    { what: 'an empty signature', header: `${time},v1=`, ok: false },
    { what: 'capitals in hex', header: `${time},v1=${v1.slice(3).toUpperCase()}`, ok: false },
  ])('says $ok to $what', async ({ header, ok }) => {
    const verifier = await open(stripe({ secret: whsec }));
    expect(await verifier.verify(deliver({ headers: { 'stripe-signature': header } }))).toMatchObject({ ok });
  });
});

it('tells the ledger when Stripe signed with other schemes alone', async () => {
  const verifier = await open(stripe({ secret }));
  const headers = { 'stripe-signature': `t=${NOW.getTime() / 1_000},v0=6ffbb59b2300aae6` };
  expect(await verifier.verify(deliver({ headers }))).toEqual({
    ok: false,
    reason: 'there is no signature of scheme v1',
  });
});

describe('Slack and GitHub', () => {
  it('answers the challenge of url_verification as plain text, which is signed like any event', async () => {
    const payload = {
      token: 'x',
      challenge: '3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P',
      type: 'url_verification',
    };
    const body = JSON.stringify(payload);
    const preset = slack({ secret: SLACK.secrets[0] });
    const delivery = deliver({ body, headers: SLACK.sign(Buffer.from(body), SLACK.secrets[0], NOW) });
    expect(await (await open(preset)).verify(delivery)).toEqual(OK);
    expect(preset.challenge?.(delivery, payload)).toEqual({
      status: 200,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      body: payload.challenge,
    });
  });

  it.each([
    { payload: { type: 'event_callback', challenge: 'x' } },
    { payload: { type: 'url_verification' } },
    { payload: { type: 'url_verification', challenge: 1 } },
    { payload: null },
    { payload: 'url_verification' },
  ])('takes $payload for an event', ({ payload }) => {
    expect(slack({ secret }).challenge?.(deliver({}), payload)).toBeNull();
  });

  it.each([slack({ secret }), github({ secret })])('reads JSON, forms and forms around JSON: $preset', (preset) => {
    const read = (body: string, headers: Record<string, string> = {}) =>
      preset.payloadOf?.(deliver({ body, headers }), reader);
    const around = `payload=${encodeURIComponent('{"type":"block_actions","a":"ä&b"}')}`;
    expect(preset.contentTypes).toEqual(['application/x-www-form-urlencoded']);
    expect(read('{"a":1}')).toEqual({ ok: true, payload: { a: 1 } });
    expect(read('{"a":1}', { 'content-type': 'application/json' })).toEqual({ ok: true, payload: { a: 1 } });
    expect(read('command=%2Fdeploy&text=to+prod', form)).toEqual({
      ok: true,
      payload: { command: '/deploy', text: 'to prod' },
    });
    expect(read(around, { 'content-type': 'Application/X-WWW-Form-Urlencoded; charset=utf-8' })).toEqual({
      ok: true,
      payload: { type: 'block_actions', a: 'ä&b' },
    });
    expect(() => read('payload=no+json', form)).toThrow(SyntaxError);
  });
});

describe('hmac', () => {
  it('takes the name of its header in any case, and a list of signatures', async () => {
    const verifier = await open(hmac({ header: 'X-Signature', encoding: 'base64', algorithm: 'sha1', secret: 'key' }));
    // HMAC_SHA1("key", "The quick brown fox jumps over the lazy dog"), published in many places.
    const known = Buffer.from('de7c9b85b8b78aa6bc8a7a36f70a90701c9db4d9', 'hex').toString('base64');
    const body = 'The quick brown fox jumps over the lazy dog';
    for (const signature of [known, `AAAA,${known}`, `${known}, ${known}`])
      expect(await verifier.verify(deliver({ body, headers: { 'x-signature': signature } }))).toEqual(OK);
    expect(await verifier.verify(deliver({ body, headers: { 'x-signature': known.slice(0, -1) } }))).toMatchObject({
      ok: false,
    });
  });

  it('asks for the prefix before each signature', async () => {
    const verifier = await open(hmac({ header: 'x-s', prefix: 'sha256=', secret: 'key' }));
    const known = 'f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8';
    const body = 'The quick brown fox jumps over the lazy dog';
    expect(await verifier.verify(deliver({ body, headers: { 'x-s': `sha256=${known}` } }))).toEqual(OK);
    expect(await verifier.verify(deliver({ body, headers: { 'x-s': known } }))).toMatchObject({ ok: false });
  });

  it('refuses an id that holds what separates it from the next part', async () => {
    const verifier = await open(hmac({ header: 'x-s', secret: 'key', template: '{id}|{body}', idHeader: 'x-id' }));
    const headers = { 'x-id': 'a|b', 'x-s': '00' };
    expect(await verifier.verify(deliver({ headers }))).toEqual({
      ok: false,
      reason: 'the header x-id holds what separates the signed parts',
    });
  });

  it.each([
    { option: 'header', options: { header: '' } },
    { option: 'header', options: { header: undefined } },
    { option: 'header', options: { header: 'x signature' } },
    { option: 'algorithm', options: { algorithm: 'md5' } },
    { option: 'encoding', options: { encoding: 'utf8' } },
    { option: 'prefix', options: { prefix: 1 } },
    { option: 'timestampFormat', options: { timestampFormat: 'toString' } },
    { option: 'template', options: { template: '{timestamp}', timestampHeader: 'x-t' } },
    { option: 'template', options: { template: '{body}{body}' } },
    { option: 'template', options: { template: '{id}{body}', idHeader: 'x-id' } },
    { option: 'template', options: { template: '{body}{id}', idHeader: 'x-id' } },
    { option: 'template', options: { template: '{url}{body}' } },
    { option: 'timestampHeader', options: { template: '{timestamp}.{body}' } },
    { option: 'timestampHeader', options: { timestampHeader: 'x-t' } },
    { option: 'idHeader', options: { template: '{id}.{body}' } },
    { option: 'idHeader', options: { idHeader: 'x-id' } },
    { option: 'secret', options: { secret: '' } },
  ])('refuses $options at boot and names "$option"', async ({ option, options }) => {
    const preset = hmac({ header: 'x-s', secret, ...options } as HmacOptions);
    await expect(open(preset)).rejects.toMatchObject({
      code: 'TRG_DEF_INVALID_OPTION',
      message: expect.stringContaining(`Trigger "payments" (Payments.onEvent), option "verify.${option}"`) as string,
    });
  });
});

describe('apiKey', () => {
  it.each([
    { options: { scheme: 'bearer' }, headers: { authorization: 'Bearer k1' }, ok: true },
    { options: { scheme: 'bearer' }, headers: { authorization: 'bearer  k2' }, ok: true },
    { options: { scheme: 'bearer' }, headers: { authorization: 'Basic k1' }, ok: false },
    { options: { scheme: 'bearer' }, headers: { authorization: 'Bearer k1, Bearer k1' }, ok: false },
    { options: { scheme: 'bearer' }, headers: { authorization: 'Bearer k1 ' }, ok: false },
    { options: { scheme: 'bearer' }, headers: { authorization: 'Bearer ' }, ok: false },
    { options: { scheme: 'bearer' }, headers: { authorization: 'k1' }, ok: false },
    { options: { scheme: 'bearer' }, headers: {}, ok: false },
    { options: { header: 'X-Api-Key' }, headers: { 'x-api-key': 'k2' }, ok: true },
    { options: { header: 'X-Api-Key' }, headers: { 'x-api-key': 'K2' }, ok: false },
    { options: { header: 'X-Api-Key' }, headers: { 'x-api-key': '' }, ok: false },
    { options: { header: 'X-Api-Key' }, headers: { 'x-api-key': 'k1, k1' }, ok: false },
    { options: { header: 'X-Api-Key' }, headers: { authorization: 'Bearer k1' }, ok: false },
  ])('says $ok to $headers with $options', async ({ options, headers, ok }) => {
    const verifier = await open(apiKey({ keys: ['k1', 'k2'], ...options } as ApiKeyOptions));
    const given = headers as unknown as Record<string, string>;
    expect(await verifier.verify(deliver({ headers: given }))).toMatchObject({ ok });
  });

  it('names the header that no ledger may hold', () => {
    expect(apiKey({ header: 'X-Api-Key', keys: 'k' }).secretHeaders).toEqual(['x-api-key']);
    expect(apiKey({ scheme: 'bearer', keys: 'k' }).secretHeaders).toEqual(['authorization']);
  });

  it.each([
    { options: { keys: 'k' }, says: 'option "verify": apiKey() takes either' },
    { options: { keys: 'k', header: 'x-key', scheme: 'bearer' }, says: 'option "verify": apiKey() takes either' },
    { options: { keys: 'k', header: 'x key' }, says: 'option "verify": apiKey() takes either' },
    { options: { keys: 'k', scheme: 'basic' }, says: 'option "verify": apiKey() takes either' },
    { options: { keys: [], scheme: 'bearer' }, says: 'option "verify.keys": the list of secrets is empty' },
    { options: { keys: 'two words', scheme: 'bearer' }, says: 'option "verify.keys": a key has characters' },
  ])('refuses $options at boot', async ({ options, says }) => {
    await expect(open(apiKey(options as unknown as ApiKeyOptions))).rejects.toMatchObject({
      code: 'TRG_DEF_INVALID_OPTION',
      message: expect.stringContaining(says) as string,
    });
  });
});

it('lets everything in that comes to unsigned()', async () => {
  expect(await (await open(unsigned())).verify(deliver({}))).toEqual(OK);
});
