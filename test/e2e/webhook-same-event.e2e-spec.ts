import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { Injectable } from '@nestjs/common';
import { Task, WebhookTrigger, Workflow, github, hmac, slack, stripe, unsigned } from 'nestjs-triggers';
import type { TaskContext, WebhookEvent } from 'nestjs-triggers';
import { TestClock } from 'nestjs-triggers/testing';
import Stripe from 'stripe';
import { PLATFORMS, boot, cleanUp, logged } from '../support/app.js';
import type { TestApp } from '../support/app.js';
import { newDatabase } from '../support/database.js';
import { SECRET, SIGNATURE, deliver, sign } from '../support/webhooks.js';

const DAY_MS = 86_400_000;

@Workflow({ name: 'payments' })
class Payments {
  static ran = 0;

  @Task()
  book(_context: TaskContext): void {
    Payments.ran += 1;
  }
}

@Injectable()
class Tenants {
  private readonly secrets: Readonly<Record<string, string>> = { acme: 'secret-of-acme', zeta: 'secret-of-zeta' };

  secretOf(tenant: string): string | undefined {
    return this.secrets[tenant];
  }
}

const verify = hmac({ header: SIGNATURE, secret: SECRET });

@Injectable()
class Webhooks {
  @WebhookTrigger({ workflow: Payments, path: 'hashed', verify })
  hashed(): void {}

  @WebhookTrigger({
    workflow: Payments,
    path: 'chosen',
    verify,
    dedupKey: ({ id }: { id?: string }, { headers }) => id ?? headers['x-id'],
  })
  chosen(): void {}

  @WebhookTrigger({ workflow: Payments, path: 'never', verify: unsigned(), dedup: 'off' })
  never(): void {}

  @WebhookTrigger({
    workflow: Payments,
    path: 'tenants/:tenant',
    verify: hmac({
      header: SIGNATURE,
      secret: (ref, { tenant = '' }) => ref.get(Tenants).secretOf(tenant),
      template: '{id}.{body}',
      idHeader: 'x-id',
    }),
  })
  ofTenant({ params, key }: WebhookEvent) {
    return { tenant: params['tenant'], key };
  }

  @WebhookTrigger({ workflow: Payments, path: 'tenants/internal', verify })
  internal() {
    return { internal: true };
  }

  @WebhookTrigger({ workflow: Payments, path: 'stripe', verify: stripe({ secret: SECRET }) })
  stripe(): void {}

  @WebhookTrigger({ workflow: Payments, path: 'slack', verify: slack({ secret: SECRET }) })
  slack(): void {}

  @WebhookTrigger({ workflow: Payments, path: 'repositories/:account', verify: github({ secret: () => SECRET }) })
  pushed(): void {}
}

const providers = [Payments, Tenants, Webhooks];

describe('the same event, sent several times', () => {
  beforeEach(() => (Payments.ran = 0));
  afterEach(cleanUp);

  it('at once over 50 sockets to two nodes is one execution and 49 duplicates', async () => {
    const database = await newDatabase('postgres');
    const nodes: TestApp[] = [];
    for (const platform of PLATFORMS) nodes.push(await boot({ database, platform, providers }));
    const agent = new Agent({ keepAlive: false, maxSockets: Infinity });
    const body = '{"amount":1}';
    const send = async ({ url }: TestApp): Promise<Record<string, unknown>> => {
      const headers = { 'content-type': 'application/json', [SIGNATURE]: sign(body) };
      const sent = request(`${url}/webhooks/hashed`, { method: 'POST', agent, headers });
      sent.end(body);
      const [response] = (await once(sent, 'response')) as [AsyncIterable<Buffer> & { statusCode: number }];
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk);
      return { status: response.statusCode, ...(JSON.parse(Buffer.concat(chunks).toString()) as object) };
    };
    const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => send(nodes[index % 2] as TestApp)));
    const [accepted, ...others] = answers.filter(({ status }) => status === 'accepted');
    expect(others).toEqual([]);
    const duplicates = answers.filter(({ status }) => status === 'duplicate');
    expect(duplicates).toHaveLength(49);
    for (const { firingId, executionIds } of duplicates) {
      expect({ firingId, executionIds }).toEqual({
        firingId: accepted?.['firingId'],
        executionIds: accepted?.['executionIds'],
      });
    }
    await nodes[0]?.ended(1);
    expect(Payments.ran).toBe(1);
  });

  it('with another body is another event, with the same one it is the same for five minutes', async () => {
    const clock = new TestClock();
    const app = await boot({ database: 'sqlite', providers, clock });
    const statusOf = async (body: unknown) => (await deliver(app, 'hashed', body)).body.status;
    expect(await statusOf('{"a":1}')).toBe('accepted');
    expect(await statusOf('{"a": 1}')).toBe('accepted');
    await clock.advance(299_000);
    expect(await statusOf('{"a":1}')).toBe('duplicate');
    await clock.advance(2_000);
    expect(await statusOf('{"a":1}')).toBe('accepted');
    expect(logged.join('\n')).toContain(
      'Trigger "hashed": its senders sign no id, so equal bodies are one event for 5m.',
    );
    expect(logged.join('\n')).toContain('"dedupKey"');
    expect(logged.join('\n')).toContain('Trigger "never": verify: unsigned() lets everybody in');
    expect(logged.join('\n')).not.toMatch(/Trigger "(chosen|stripe|ofTenant)": its senders/);
  });

  it('has the key that the author chooses, for seven days, and never none', async () => {
    const clock = new TestClock();
    const app = await boot({ database: 'sqlite', providers, clock });
    const send = (body: object, headers = {}) => deliver(app, 'chosen', body, headers);
    expect((await send({ id: 'e1', at: 1 })).body).toMatchObject({ status: 'accepted', dedupKey: 'e1' });
    expect((await send({ id: 'e1', at: 2 })).body.status).toBe('duplicate');
    const [held] = await app.database.query('SELECT expires_at FROM triggers_dedup');
    const heldFor = new Date(String(held?.['expires_at'])).getTime() - clock.now();
    expect(Math.round(heldFor / DAY_MS)).toBe(7);
    expect((await send({}, { 'x-id': 'e2' })).body.dedupKey).toBe('e2');
    // What the author does not find is no way past dedup.
    expect((await send({ at: 4 })).body.dedupKey).toMatch(/^sha256:/);
    expect((await send({ at: 4 })).body.status).toBe('duplicate');
    // An empty key, or one that is too long, is none; the delivery is kept.
    expect(await send({ id: '' })).toMatchObject({ status: 202, body: { status: 'kept' } });
    expect(await send({ id: 'x'.repeat(2_000) })).toMatchObject({ status: 202, body: { status: 'kept' } });
    expect(await send({ id: 7 })).toMatchObject({ status: 202, body: { status: 'kept' } });
  });

  it('is another event each time where dedup is off', async () => {
    const app = await boot({ database: 'sqlite', providers });
    const answers = [await deliver(app, 'never', {}), await deliver(app, 'never', {})];
    expect(answers.map(({ body }) => body.status)).toEqual(['accepted', 'accepted']);
  });

  it("belongs to its tenant: nobody speaks for another one, or uses up another one's ids", async () => {
    const app = await boot({ database: 'sqlite', providers });
    const send = (tenant: string, secret: string, id: string) =>
      deliver(app, `tenants/${tenant}`, '{}', { 'x-id': id, [SIGNATURE]: sign(`${id}.{}`, secret) });
    expect((await send('zeta', 'secret-of-acme', 'e1')).status).toBe(401);
    expect((await send('nobody', 'secret-of-acme', 'e1')).status).toBe(401);
    const acme = await send('acme', 'secret-of-acme', 'e1');
    expect(acme.body).toMatchObject({ status: 'accepted', dedupKey: 'acme:e1' });
    expect((await send('zeta', 'secret-of-zeta', 'e1')).body).toMatchObject({
      status: 'accepted',
      dedupKey: 'zeta:e1',
    });
    expect((await send('acme', 'secret-of-acme', 'e1')).body.status).toBe('duplicate');
    const { context } = await app.get(`/executions/${acme.body.executionIds[0]}`);
    expect(context).toEqual({ tenant: 'acme', key: 'acme:e1' });
    // The exact path goes before the one with a parameter.
    const internal = await deliver(app, 'tenants/internal', '{}');
    expect((await app.get(`/executions/${internal.body.executionIds[0]}`)).context).toEqual({ internal: true });
  });

  it('is no other event as a form: what signs a body does not sign its type', async () => {
    const app = await boot({ database: 'sqlite', providers });
    const body = JSON.stringify({ type: 'event_callback', event_id: 'Ev1' });
    const time = String(Math.floor(Date.now() / 1_000));
    const headers = {
      'x-slack-request-timestamp': time,
      'x-slack-signature': `v0=${sign(`v0:${time}:${body}`)}`,
    };
    const form = { ...headers, 'content-type': 'application/x-www-form-urlencoded' };
    expect((await deliver(app, 'slack', body, headers)).body).toMatchObject({ status: 'accepted', dedupKey: 'Ev1' });
    expect(await deliver(app, 'slack', body, form)).toMatchObject({
      status: 415,
      body: { code: 'TRG_WEBHOOK_MEDIA_TYPE' },
    });
    expect((await app.get('/slack/firings')).items).toHaveLength(1);
  });

  it('is no other event below another parameter of the path, where one secret signs for all of them', async () => {
    const app = await boot({ database: 'sqlite', providers });
    const body = '{"amount":1}';
    const send = (account: string) =>
      deliver(app, `repositories/${account}`, body, { 'x-hub-signature-256': `sha256=${sign(body)}` });
    expect((await send('a')).body).toMatchObject({ status: 'accepted', dedupKey: expect.stringMatching(/^sha256:/) });
    expect((await send('b')).body.status).toBe('duplicate');
  });

  it('has the id that its vendor signed, whatever else changes in a repeat', async () => {
    const app = await boot({ database: 'sqlite', providers });
    const send = (attempt: number) => {
      const payload = JSON.stringify({ id: 'evt_1', object: 'event', attempt });
      const header = Stripe.webhooks.generateTestHeaderString({ payload, secret: SECRET });
      return deliver(app, 'stripe', payload, { 'stripe-signature': header });
    };
    expect((await send(1)).body).toMatchObject({ status: 'accepted', dedupKey: 'evt_1' });
    expect((await send(2)).body).toMatchObject({ status: 'duplicate', dedupKey: 'evt_1' });
  });
});
