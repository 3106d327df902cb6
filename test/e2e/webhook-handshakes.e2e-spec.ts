import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { WebhookTrigger, apiKey, cloudEvents, hmac, slack } from 'nestjs-triggers';
import type { WebhookEvent } from 'nestjs-triggers';
import { PLATFORMS, boot, cleanUp } from '../support/app.js';
import type { TestApp } from '../support/app.js';
import { SECRET, SIGNATURE, deliver } from '../support/webhooks.js';
import { Work } from '../support/work.js';

const FORM = 'application/x-www-form-urlencoded';
const verify = hmac({ header: SIGNATURE, secret: SECRET });

@Injectable()
class Webhooks {
  @WebhookTrigger({ workflow: 'work', path: 'slack', verify: slack({ secret: SECRET }) })
  slack(): void {}

  @WebhookTrigger({
    workflow: 'work',
    path: 'events',
    verify: cloudEvents({
      verify: apiKey({ scheme: 'bearer', keys: 'the-key' }),
      allowedOrigins: ['eventgrid.azure.net'],
      rate: 120,
    }),
  })
  event({ payload }: WebhookEvent<{ type: string; data: unknown }>) {
    return { type: payload.type, data: payload.data };
  }

  @WebhookTrigger({
    workflow: 'work',
    path: 'meta',
    verify,
    challenge: ({ query }) => (query['hub.verify_token'] === 'ours' ? { body: query['hub.challenge'] ?? '' } : null),
  })
  meta(): void {}

  @WebhookTrigger({
    workflow: 'work',
    path: 'graph',
    verify,
    challenge: ({ query: { validationToken } }) => (validationToken === undefined ? null : { body: validationToken }),
  })
  graph(): void {}

  @WebhookTrigger({
    workflow: 'work',
    path: 'broken',
    verify,
    challenge: ({ query }) => {
      if (query['throw'] !== undefined) throw new Error('broken');
      return { status: 200, headers: { 'x-y': `a${String.fromCharCode(10)}b` } };
    },
  })
  broken(): void {}

  @WebhookTrigger({ workflow: 'work', path: 'form', verify, contentTypes: [FORM, 'text/plain'], dedup: 'off' })
  form({ payload }: WebhookEvent<string | Record<string, unknown>>) {
    return typeof payload === 'string' ? { text: payload } : undefined;
  }
}

describe.each(PLATFORMS)('a vendor that asks before it sends, on %s', (platform) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await boot({ database: 'sqlite', platform, providers: [Work, Webhooks] });
  });
  afterAll(cleanUp);

  const ofSlack = (body: string, secret = SECRET) => {
    const time = String(Math.floor(Date.now() / 1_000));
    const signature = `v0=${createHmac('sha256', secret).update(`v0:${time}:${body}`).digest('hex')}`;
    return deliver(app, 'slack', body, { 'x-slack-signature': signature, 'x-slack-request-timestamp': time });
  };

  it('gets the challenge of Slack back, to the byte, if it is Slack', async () => {
    const body = JSON.stringify({ type: 'url_verification', challenge: '3eZbrw1aB' });
    const answer = await ofSlack(body);
    expect(answer).toMatchObject({ status: 200, body: '3eZbrw1aB' });
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect((await ofSlack(body, 'another-secret')).status).toBe(401);
    expect((await ofSlack(JSON.stringify({ type: 'event_callback', event_id: 'Ev1' }))).body).toMatchObject({
      status: 'accepted',
      dedupKey: 'Ev1',
    });
  });

  it('is told by OPTIONS that it may send CloudEvents, and at what rate', async () => {
    const ask = (origin: string) =>
      deliver(app, 'events', '', { 'webhook-request-origin': origin, 'webhook-request-rate': '1000' }, 'OPTIONS');
    const granted = await ask('eventgrid.azure.net');
    expect(granted).toMatchObject({ status: 200, body: '' });
    expect(Object.fromEntries(granted.headers)).toMatchObject({
      allow: 'POST',
      'webhook-allowed-origin': 'eventgrid.azure.net',
      'webhook-allowed-rate': '120',
    });
    expect((await ask('evil.example')).headers.get('webhook-allowed-origin')).toBeNull();
  });

  it.each([
    {
      mode: 'structured',
      type: 'application/cloudevents+json',
      body: { specversion: '1.0', id: 's', source: '/a', type: 't', data: { n: 1 } },
      headers: {},
    },
    {
      mode: 'binary',
      type: 'application/json',
      body: { n: 1 },
      headers: { 'ce-specversion': '1.0', 'ce-id': 'b', 'ce-source': '/a', 'ce-type': 't' },
    },
  ])('sends CloudEvents in $mode mode', async ({ type, body, headers }) => {
    const sent = { ...headers, 'content-type': type, authorization: 'Bearer the-key' };
    const answer = await deliver(app, 'events', body, sent);
    expect(answer.body).toMatchObject({ status: 'accepted' });
    expect((await app.get(`/executions/${answer.body.executionIds[0]}`)).context).toEqual({
      type: 't',
      data: { n: 1 },
    });
    expect((await deliver(app, 'events', body, sent)).body.status).toBe('duplicate');
    expect((await deliver(app, 'events', body, { ...sent, authorization: 'Bearer other' })).status).toBe(401);
  });

  it('gets back what the author of the trigger answers', async () => {
    const get = (path: string, method = 'GET') => deliver(app, path, '', {}, method);
    expect(await get('meta?hub.mode=subscribe&hub.verify_token=ours&hub.challenge=1158201444')).toMatchObject({
      status: 200,
      body: 1158201444,
    });
    expect((await get('meta?hub.verify_token=theirs&hub.challenge=1')).status).toBe(405);
    expect((await get('meta?hub.verify_token=ours', 'HEAD')).status).toBe(200);
    const graph = await deliver(app, 'graph?validationToken=a%20token', '', { 'content-type': 'text/plain' });
    expect(graph).toMatchObject({ status: 200, body: 'a token' });
    expect(graph.headers.get('x-content-type-options')).toBe('nosniff');
    expect((await deliver(app, 'graph', { n: 1 })).body.status).toBe('accepted');
  });

  it('is answered as usual where the function of the author fails', async () => {
    expect((await deliver(app, 'broken?throw', { n: 1 })).body.status).toBe('accepted');
    expect((await deliver(app, 'broken', '', {}, 'GET')).status).toBe(405);
  });

  it('may send forms and texts where the trigger takes them', async () => {
    const send = async (type: string, body: string) => {
      const answer = await deliver(app, 'form', body, { 'content-type': type });
      return (await app.get(`/executions/${answer.body.executionIds[0]}`)).context;
    };
    expect(await send(FORM, 'a=1&b=x+y&a=2')).toEqual({ a: ['1', '2'], b: 'x y' });
    expect(await send('text/plain', 'hello')).toEqual({ text: 'hello' });
    expect(await send('application/json', '')).toEqual({});
  });
});
