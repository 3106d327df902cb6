import { Injectable } from '@nestjs/common';
import { IsInt, IsString } from 'class-validator';
import { Task, TriggerResult, WebhookTrigger, Workflow, hmac } from 'nestjs-triggers';
import type { TaskContext, WebhookEvent } from 'nestjs-triggers';
import { z } from 'zod';
import { PLATFORMS, boot, cleanUp } from '../support/app.js';
import type { TestApp } from '../support/app.js';
import { DIALECTS } from '../support/database.js';
import { until } from '../support/until.js';
import { SECRET, SIGNATURE, deliver } from '../support/webhooks.js';

const verify = hmac({ header: SIGNATURE, secret: SECRET });

@Workflow({ name: 'orders' })
class Orders {
  @Task()
  book(context: TaskContext<{ order: number }>) {
    return { booked: context.data.order };
  }
}

class Ticket {
  @IsString()
  title!: string;

  @IsInt()
  priority!: number;
}

@Workflow({ name: 'tickets' })
class Tickets {
  @Task()
  open(_context: TaskContext<{ title: string }>): void {}
}

function isOrder(context: Readonly<Record<string, unknown>>): boolean {
  if (context['order'] === -1) throw new Error('this filter is broken');
  return context['order'] !== 0;
}

@Injectable()
class Prices {
  of(article: string): number {
    return article.length;
  }
}

@Injectable()
class Webhooks {
  constructor(private readonly prices: Prices) {}

  @WebhookTrigger({ workflow: Orders, path: 'orders', verify })
  order(event: WebhookEvent<{ id: number; kind?: string; article?: string }>) {
    const { id, kind, article } = event.payload;
    if (kind === 'draft') return TriggerResult.skip('a draft');
    if (kind === 'unspoken') return TriggerResult.skip(id as never);
    if (kind === 'nonsense') return [id] as never;
    if (kind === 'broken') throw new Error('this method is broken');
    return { order: article === undefined ? id : this.prices.of(article) };
  }

  @WebhookTrigger({ workflow: Tickets, path: 'tickets', verify, schema: Ticket })
  ticket(): void {}

  @WebhookTrigger({
    workflow: Tickets,
    path: 'strict',
    verify,
    schema: z.object({ title: z.string(), tags: z.array(z.string()) }),
    onInvalid: 'reject',
  })
  strict({ payload }: WebhookEvent<{ title: string; tags: readonly string[] }>) {
    return { title: `${payload.title} ${payload.tags.join(' ')}` };
  }

  @WebhookTrigger({ workflow: 'orders', path: 'filtered', verify, filter: isOrder })
  filtered(): void {}

  @WebhookTrigger({ workflow: 'orders', path: 'filtered/strictly', verify, filter: isOrder, onInvalid: 'reject' })
  filteredStrictly(): void {}

  @WebhookTrigger({ workflow: 'orders', path: 'filtered/batches', verify, filter: isOrder })
  filteredBatch({ payload }: WebhookEvent<{ orders: { order: number }[] }>) {
    return TriggerResult.fireMany(payload.orders.map((context) => ({ context })));
  }

  @WebhookTrigger({ workflow: 'orders', path: 'limited', verify, rateLimit: { limit: 1, per: '1h' } })
  limited(): void {}

  @WebhookTrigger({
    workflow: 'orders',
    path: 'batches',
    verify,
  })
  batch({ payload }: WebhookEvent<{ orders: { order: number }[] }>) {
    return TriggerResult.fireMany(payload.orders.map((context) => ({ context })));
  }

  @WebhookTrigger({
    workflow: 'orders',
    path: 'own-words',
    verify,
    respond: ({ status }, { query }) => ({
      status: Number(query['status'] ?? 201),
      headers: { 'X-Said': status },
      body: '<Response/>',
    }),
  })
  ownWords(): void {}
}

const CASES = PLATFORMS.flatMap((platform) => DIALECTS.map((database) => ({ platform, database })));

describe.each(CASES)('a webhook on $platform and $database', ({ platform, database }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await boot({ database, platform, providers: [Orders, Tickets, Prices, Webhooks] });
  });
  afterAll(cleanUp);

  const firing = async (trigger: string) => (await app.get(`/${trigger}/firings?limit=1`)).items[0];

  it('is accepted when it is a row, and starts what its method says', async () => {
    const { status, body, headers } = await deliver(app, 'orders', { id: 0, article: 'chair' });
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        status: 'accepted',
        firingId: expect.any(String),
        executionIds: [expect.any(String)],
        dedupKey: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      },
    });
    expect(headers.get('x-request-id')).toBeTruthy();
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
    const execution = await until(async () => {
      const found = await app.get(`/executions/${body.executionIds[0]}`);
      return found.state === 'completed' && found;
    }, 'the order is booked');
    expect(execution.result).toEqual({ booked: 5 });
  });

  it('that is sent again is a duplicate, and told what became of the first', async () => {
    const first = await deliver(app, 'orders', { id: 11 });
    const second = await deliver(app, 'orders', { id: 11 });
    expect(second).toMatchObject({
      status: 200,
      body: {
        status: 'duplicate',
        firingId: first.body.firingId,
        executionIds: first.body.executionIds,
        state: 'accepted',
      },
    });
  });

  it('starts nothing when its method skips, and leaves the reason', async () => {
    const { status, body } = await deliver(app, 'orders', { id: 2, kind: 'draft' });
    expect({ status, body }).toMatchObject({ status: 200, body: { status: 'skipped', reason: 'a draft' } });
    expect(await firing('order')).toMatchObject({ id: body.firingId, state: 'filtered', reason: 'a draft' });
  });

  it('starts nothing when the filter says no', async () => {
    expect(await deliver(app, 'filtered', { order: 0 })).toMatchObject({
      status: 200,
      body: { status: 'skipped', reason: 'filter' },
    });
  });

  it.each([
    { what: 'does not fit its class', path: 'tickets', body: { title: 7 }, reason: 'priority: ' },
    { what: 'is no object though it should be', path: 'tickets', body: [1], reason: 'is no object' },
    { what: 'is nothing a workflow takes', path: 'filtered', body: ['order'], reason: 'must be a plain object' },
    { what: 'has keys that are reserved', path: 'filtered', body: '{"__proto__":{"a":1}}', reason: '__proto__' },
    { what: 'makes its method return nonsense', path: 'orders', body: { id: 1, kind: 'nonsense' }, reason: 'an array' },
    { what: 'is skipped for no text', path: 'orders', body: { id: 1, kind: 'unspoken' }, reason: 'takes a text' },
    { what: 'makes its filter throw', path: 'filtered', body: { order: -1 }, reason: 'filter is broken' },
    { what: 'makes its method throw', path: 'orders', body: { id: 1, kind: 'broken' }, reason: 'is broken' },
  ])('that $what is kept as a dead letter, which is the receipt', async ({ path, body, reason }) => {
    const answer = await deliver(app, path, body);
    expect(answer).toMatchObject({ status: 202, body: { status: 'kept', firingId: expect.any(String) } });
    const trigger = { tickets: 'ticket', filtered: 'filtered', orders: 'order' }[path] as string;
    expect(await firing(trigger)).toMatchObject({
      id: answer.body.firingId,
      state: 'rejected',
      reason: expect.stringContaining(reason),
    });
    const [row] = await app.database.query(
      `SELECT payload, origin FROM triggers_firing WHERE id = '${answer.body.firingId}'`,
    );
    expect(JSON.parse(String(row?.['payload']))).toEqual(typeof body === 'string' ? JSON.parse(body) : body);
    expect(JSON.parse(String(row?.['origin']))).toMatchObject({
      address: expect.stringContaining('127.0.0.1'),
      headers: { [SIGNATURE]: '[64 characters]' },
    });
  });

  it('is told its mistakes where the author wants that, and accepted when they are mended', async () => {
    const answer = await deliver(app, 'strict', { title: 'x' }, { 'x-request-id': 'my-id' });
    expect(answer).toMatchObject({
      status: 400,
      body: {
        statusCode: 400,
        code: 'TRG_WEBHOOK_PAYLOAD',
        details: { fields: [expect.stringMatching(/^tags: /)] },
        requestId: 'my-id',
      },
    });
    expect(await firing('strict')).toMatchObject({ state: 'rejected' });
    expect((await deliver(app, 'strict', { title: 'x', tags: ['a'] })).body.status).toBe('accepted');
  });

  it('whose filter throws is sent again where the author wants that, and of a batch only that item is kept', async () => {
    expect(await deliver(app, 'filtered/strictly', { order: -1 })).toMatchObject({
      status: 503,
      body: { code: 'TRG_WEBHOOK_UNAVAILABLE' },
    });
    expect(await firing('filteredStrictly')).toMatchObject({ state: 'rejected' });
    const batch = await deliver(app, 'filtered/batches', { orders: [{ order: -1 }, { order: 5 }] });
    expect(batch).toMatchObject({ status: 200, body: { firings: [{ status: 'kept' }, { status: 'accepted' }] } });
  });

  it('is told when to come back beyond the rate limit', async () => {
    expect((await deliver(app, 'limited', { n: 1 })).status).toBe(200);
    const answer = await deliver(app, 'limited', { n: 2 });
    expect(answer).toMatchObject({ status: 429, body: { code: 'TRG_API_TOO_MANY_REQUESTS' } });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(3_000);
    // A duplicate spends nothing, and a refused one can come again.
    expect((await deliver(app, 'limited', { n: 1 })).body.status).toBe('duplicate');
  });

  it('may hold several events, each of which is fired once', async () => {
    const body = { orders: [{ order: 1 }, { order: 2 }] };
    const { body: first } = await deliver(app, 'batches', body);
    expect(first).toMatchObject({
      status: 'accepted',
      executionIds: { length: 2 },
      firings: [{ status: 'accepted' }, { status: 'accepted' }],
    });
    const { body: second } = await deliver(app, 'batches', body);
    expect(second).toMatchObject({ status: 'duplicate', executionIds: first.executionIds });
  });

  it("is answered in the author's words, but never with a refusal instead of a 2xx", async () => {
    const answer = await deliver(app, 'own-words', { n: 1 });
    expect(answer).toMatchObject({ status: 201, body: '<Response/>' });
    expect(answer.headers.get('x-said')).toBe('accepted');
    const wrong = await deliver(app, 'own-words?status=404', { n: 2 });
    expect(wrong).toMatchObject({ status: 200, body: { status: 'accepted' } });
  });

  it.each([
    { what: 'a path that nobody has', path: 'nobody', status: 404, code: 'TRG_WEBHOOK_NOT_FOUND' },
    { what: 'the prefix alone', path: '/webhooks', status: 404, code: 'TRG_WEBHOOK_NOT_FOUND' },
    {
      what: 'a signature that is wrong',
      path: 'orders',
      headers: { [SIGNATURE]: 'ab' },
      status: 401,
      code: 'TRG_WEBHOOK_UNVERIFIED',
    },
    { what: 'no JSON', path: 'orders', body: '{"id":', status: 400, code: 'TRG_WEBHOOK_PAYLOAD' },
    {
      what: 'another encoding',
      path: 'orders',
      headers: { 'content-encoding': 'gzip' },
      status: 415,
      code: 'TRG_WEBHOOK_MEDIA_TYPE',
    },
    {
      what: 'another media type',
      path: 'orders',
      headers: { 'content-type': 'text/xml' },
      status: 415,
      code: 'TRG_WEBHOOK_MEDIA_TYPE',
    },
    {
      what: 'another character set',
      path: 'orders',
      headers: { 'content-type': 'application/json; charset=latin1' },
      status: 415,
      code: 'TRG_WEBHOOK_MEDIA_TYPE',
    },
    { what: 'another method', path: 'orders', method: 'GET', status: 405, code: 'TRG_WEBHOOK_METHOD' },
    {
      what: 'an OPTIONS that nobody answers',
      path: 'orders',
      method: 'OPTIONS',
      status: 405,
      code: 'TRG_WEBHOOK_METHOD',
    },
  ])('with $what is refused with $status', async ({ path, body = '{"id":1}', headers, method, status, code }) => {
    const answer = await deliver(app, path, body, headers, method);
    expect(answer).toMatchObject({ status, body: { statusCode: status, code, requestId: expect.any(String) } });
    expect(answer.headers.get('allow')).toBe(status === 405 ? 'POST' : null);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it('of 1 MiB is taken, one byte more is not', async () => {
    const of = (bytes: number): string => JSON.stringify({ order: 1, fill: 'x'.repeat(bytes - 21) });
    expect(of(1_048_576).length).toBe(1_048_576);
    expect((await deliver(app, 'filtered', of(1_048_576))).body).toMatchObject({ status: 'accepted' });
    expect(await deliver(app, 'filtered', of(1_048_577))).toMatchObject({
      status: 413,
      body: { code: 'TRG_WEBHOOK_TOO_LARGE' },
    });
  });
});
