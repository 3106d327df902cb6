import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { IsInt, IsString } from 'class-validator';
import { hmac, Task, TriggerResult, WebhookTrigger, Workflow } from 'nestjs-triggers';
import type { TaskContext, WebhookEvent } from 'nestjs-triggers';
import { boot, cleanUp } from '../support/app.js';
import type { Answer, TestApp } from '../support/app.js';
import { DIALECTS, newDatabase } from '../support/database.js';

const SECRET = 'a secret of the sender';

class Payment {
  @IsString()
  id!: string;
  @IsInt()
  cents!: number;
}

const paid: unknown[] = [];

@Workflow({ name: 'book' })
class Book {
  @Task()
  async write(context: TaskContext<{ account: string; cents: number }>) {
    paid.push({ ...context.data });
  }
}

@Injectable()
class Payments {
  static broken = false;

  @WebhookTrigger({
    workflow: 'book',
    path: 'pay/:account',
    schema: Payment,
    verify: hmac({ header: 'x-signature', algorithm: 'sha256', encoding: 'hex', secret: SECRET }),
    dedupKey: (payload) => payload.id,
  })
  payments({ payload, params }: WebhookEvent<Payment>) {
    if (Payments.broken) throw new Error('no rates today');
    return { account: params['account'] ?? '', cents: payload.cents };
  }

  @WebhookTrigger({
    workflow: 'book',
    path: 'batch',
    verify: hmac({ header: 'x-signature', algorithm: 'sha256', encoding: 'hex', secret: SECRET }),
    dedupKey: (payload) => (payload as { id: string }).id,
  })
  batch({ payload }: WebhookEvent<{ cents: number[] }>) {
    if (Payments.broken) throw new Error('no rates today');
    return TriggerResult.fireMany(payload.cents.map((cents) => ({ context: { account: 'batch', cents } })));
  }

  @WebhookTrigger({
    workflow: 'book',
    path: 'own-key',
    verify: hmac({ header: 'x-signature', algorithm: 'sha256', encoding: 'hex', secret: SECRET }),
  })
  ownKey({ payload }: WebhookEvent<Payment>) {
    if (Payments.broken) throw new Error('no rates today');
    return TriggerResult.fire({ account: 'own', cents: payload.cents }, { dedupKey: payload.id });
  }

  @WebhookTrigger({
    workflow: 'book',
    path: 'keyed-batch',
    verify: hmac({ header: 'x-signature', algorithm: 'sha256', encoding: 'hex', secret: SECRET }),
  })
  keyedBatch({ payload: { id, cents } }: WebhookEvent<{ id: string; cents: number[] }>) {
    const items = cents.map((one) => ({ context: { account: 'batch', cents: one } }));
    return TriggerResult.fireMany(items.map((item, at) => (at === 1 ? { ...item, dedupKey: id } : item)));
  }
}

function sendTo(app: TestApp, path: string, payload: object): Promise<Answer> {
  const body = JSON.stringify(payload);
  const signature = createHmac('sha256', SECRET).update(body).digest('hex');
  return app.call('POST', `//webhooks/${path}`, body, { 'x-signature': signature });
}

describe.each(DIALECTS)('a dead letter of a webhook, on %s', (database) => {
  let app: TestApp;
  const send = (path: string, payload: object): Promise<Answer> => sendTo(app, path, payload);
  const letter = async (): Promise<string> => {
    const { items } = await app.get('/dead-letters');
    expect(items).toHaveLength(1);
    return (items as { id: string }[])[0]?.id ?? '';
  };
  const replay = async (id: string, body: object = {}): Promise<Answer> => {
    const answer = await app.call('POST', `/dead-letters/${id}/replay`, body);
    await app.kit.drain();
    return answer;
  };

  beforeEach(async () => {
    paid.length = 0;
    Payments.broken = false;
    app = await boot({ database, providers: [Book, Payments] });
  });
  afterEach(cleanUp);

  it('goes through schema and method again, mended, with the path it came by', async () => {
    expect(await send('pay/acme', { id: 'p-1', cents: 'ten' })).toMatchObject({
      status: 202,
      body: { status: 'kept' },
    });
    const id = await letter();
    const refused = await replay(id, { payload: { id: 'p-1', cents: '11' } });
    expect(refused).toMatchObject({ status: 422, body: { code: 'TRG_CONTEXT_SCHEMA' } });
    const mended = await replay(id, { payload: { id: 'p-1', cents: 10 } });
    expect(mended).toMatchObject({ status: 202, body: { status: 'accepted', dedupKey: 'p-1' } });
    expect(paid).toEqual([{ account: 'acme', cents: 10 }]);
    expect(await app.get(`/dead-letters/${id}`)).toMatchObject({ closedBy: mended.body.firingId });
  });

  // Review 20
  it('is answered by the retry of its sender, so that its replay is a duplicate: one execution', async () => {
    await send('pay/acme', { id: 'p-1', cents: 'ten' });
    await send('pay/acme', { id: 'p-1', cents: 'ten' });
    const id = await letter();
    const accepted = await send('pay/acme', { id: 'p-1', cents: 10 });
    expect(accepted).toMatchObject({ status: 200, body: { status: 'accepted' } });
    await app.kit.drain();
    const replayed = await replay(id, { payload: { id: 'p-1', cents: 12 } });
    expect(replayed.body).toMatchObject({ status: 'duplicate', firingId: accepted.body.firingId });
    expect(paid).toEqual([{ account: 'acme', cents: 10 }]);
  });

  it('is replayed as it came once the method works again', async () => {
    Payments.broken = true;
    await send('pay/acme', { id: 'p-1', cents: 10 });
    const id = await letter();
    expect((await replay(id)).status).toBe(422);
    Payments.broken = false;
    expect((await replay(id)).body).toMatchObject({ status: 'accepted' });
    expect(await send('pay/acme', { id: 'p-1', cents: 10 })).toMatchObject({ body: { status: 'duplicate' } });
    expect(paid).toEqual([{ account: 'acme', cents: 10 }]);
  });

  it('of one of several firings is replayed with the others, which are duplicates', async () => {
    await send('batch', { id: 'b-2', cents: [1, JSON.parse('{"__proto__":1}'), 3] });
    await app.kit.drain();
    expect(paid).toHaveLength(2);
    const mended = await replay(await letter(), { payload: { id: 'b-2', cents: [1, 2, 3] } });
    expect(mended.body).toMatchObject({ status: 'accepted' });
    expect(paid.map((one) => (one as { cents: unknown }).cents).sort()).toEqual([1, 2, 3]);
  });

  it('of one of several firings that has a key of its own is replayed with the others, which are duplicates', async () => {
    const cents = [1, JSON.parse('{"__proto__":1}'), 3];
    await send('keyed-batch', { id: 'b-3', cents });
    await app.kit.drain();
    expect(paid).toHaveLength(2);
    const mended = await replay(await letter(), { payload: { id: 'b-3', cents: [1, 2, 3] } });
    expect(mended.body).toMatchObject({ status: 'accepted' });
    expect(paid.map((one) => (one as { cents: unknown }).cents).sort()).toEqual([1, 2, 3]);
    // The event itself stays known: what comes again of it is a duplicate.
    expect((await send('keyed-batch', { id: 'b-3', cents })).body.status).toBe('duplicate');
  });

  it('of which several firings are made is replayed whole, each once', async () => {
    Payments.broken = true;
    await send('batch', { id: 'order#3', cents: [1, 2, 3] });
    const id = await letter();
    Payments.broken = false;
    const whole = await replay(id);
    expect(whole.body.executionIds).toHaveLength(3);
    expect(await send('batch', { id: 'order#3', cents: [1, 2, 3] })).toMatchObject({ body: { status: 'duplicate' } });
    await app.kit.drain();
    expect(paid).toHaveLength(3);
    expect((await app.get('/dead-letters')).items).toEqual([]);
  });

  it.each<[string, number, unknown[]]>([
    ['kept where nothing of them fits', 202, ['kept', ['kept', 'kept']]],
    ['accepted where something does', 200, ['accepted', ['kept', 'accepted']]],
  ])('is one of several: they are %s', async (what, status, said) => {
    const bad = JSON.parse('{"__proto__":1}') as number;
    const answer = await send('batch', { id: 'b-9', cents: [bad, what.startsWith('kept') ? bad : 5] });
    const { body } = answer as { body: { status: string; firings: { status: string }[] } };
    expect([answer.status, [body.status, body.firings.map((one) => one.status)]]).toEqual([status, said]);
  });

  it('of which several firings are made is answered by the retry of its sender', async () => {
    Payments.broken = true;
    await send('batch', { id: 'b-4', cents: [1, 2] });
    const id = await letter();
    Payments.broken = false;
    const accepted = await send('batch', { id: 'b-4', cents: [1, 2] });
    expect(accepted.body.status).toBe('accepted');
    expect((await app.get('/dead-letters')).items).toEqual([]);
    expect((await replay(id)).body).toMatchObject({ status: 'duplicate' });
    expect(paid).toHaveLength(2);
  });

  it('is one event with the retry of its sender, for which the method gives another key', async () => {
    Payments.broken = true;
    await send('own-key', { id: 'p-5', cents: 5 });
    const id = await letter();
    Payments.broken = false;
    const accepted = await send('own-key', { id: 'p-5', cents: 5 });
    expect(accepted.body).toMatchObject({ status: 'accepted', dedupKey: 'p-5' });
    expect((await app.get('/dead-letters')).items).toEqual([]);
    expect((await replay(id)).body).toMatchObject({ status: 'duplicate', firingId: accepted.body.firingId });
    expect(paid).toHaveLength(1);
  });

  it.each(['pay/acme', 'own-key', 'batch'])('is none of the repeat of an accepted event (%s)', async (path) => {
    const event = { id: 'p-7', cents: path === 'batch' ? [7, 8] : 7 };
    const accepted = await send(path, event);
    Payments.broken = true;
    const repeat = await send(path, event);
    Payments.broken = false;
    expect(repeat).toMatchObject({ status: 200, body: { status: 'duplicate', firingId: accepted.body.firingId } });
    expect((await app.get('/dead-letters')).items).toEqual([]);
    // And none the less a duplicate of the same when the method works again.
    expect((await send(path, event)).body).toMatchObject({ status: 'duplicate', firingId: accepted.body.firingId });
    await app.kit.drain();
    expect(paid).toHaveLength(path === 'batch' ? 2 : 1);
  });

  it.each(['own-key', 'batch'])('is none of the repeat of one that was replayed (%s)', async (path) => {
    const event = { id: 'p-8', cents: path === 'batch' ? [7, 8] : 7 };
    Payments.broken = true;
    await send(path, event);
    const id = await letter();
    Payments.broken = false;
    const replayed = await replay(id);
    Payments.broken = true;
    expect((await send(path, event)).body).toMatchObject({ status: 'duplicate', firingId: replayed.body.firingId });
    expect((await app.get('/dead-letters')).items).toEqual([]);
  });

  it('is replayed under the key that the method gives, as its sender will find', async () => {
    Payments.broken = true;
    await send('own-key', { id: 'p-6', cents: 6 });
    const id = await letter();
    Payments.broken = false;
    const replayed = await replay(id);
    expect(replayed.body).toMatchObject({ status: 'accepted', dedupKey: 'p-6' });
    const retried = await send('own-key', { id: 'p-6', cents: 6 });
    expect(retried.body).toMatchObject({ status: 'duplicate', firingId: replayed.body.firingId });
    expect(paid).toHaveLength(1);
  });
});

describe('a dead letter of a webhook among two nodes', () => {
  afterEach(cleanUp);

  it('is one execution, whether its sender comes again to one node before or while an operator replays it on the other', async () => {
    paid.length = 0;
    const database = await newDatabase('postgres');
    const nodes = [
      await boot({ database, providers: [Book, Payments] }),
      await boot({ database, providers: [Book, Payments] }),
    ] as const;
    const ids = ['before', ...Array.from({ length: 8 }, (_, index) => `at-once-${index}`)];
    for (const id of ids) expect((await sendTo(nodes[0], 'pay/acme', { id, cents: 'ten' })).status).toBe(202);
    const { items } = (await nodes[1].get('/dead-letters?limit=100')) as { items: { id: string; dedupKey: string }[] };
    const again = (id: string, cents: number): Promise<Answer> => sendTo(nodes[1], 'pay/acme', { id, cents });
    const replay = (id: string, cents: number): Promise<Answer> => {
      const letter = items.find(({ dedupKey }) => dedupKey === id)?.id;
      return nodes[0].call('POST', `/dead-letters/${letter}/replay`, { payload: { id, cents } });
    };
    const [first = '', ...others] = ids;
    const accepted = await again(first, 10);
    expect((await replay(first, 10)).body).toMatchObject({ status: 'duplicate', firingId: accepted.body.firingId });
    for (const id of others) {
      const answers = await Promise.all([again(id, 10), replay(id, 10)]);
      expect(answers.map(({ body }) => body.status).sort()).toEqual(['accepted', 'duplicate']);
      expect(new Set(answers.map(({ body }) => body.firingId)).size).toBe(1);
    }
    await nodes[0].ended(ids.length);
    expect(paid).toHaveLength(ids.length);
    expect((await nodes[1].get('/dead-letters')).items).toEqual([]);
  });
});
