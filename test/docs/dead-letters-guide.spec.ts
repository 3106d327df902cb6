// The code of docs/guides/dead-letters.md, run, and what the page says of it.
import { Injectable, Logger } from '@nestjs/common';
import { DeadLettersService, OnTriggers, Task, WebhookTrigger, Workflow, hmac, isTriggersError } from 'nestjs-triggers';
import type { TaskContext, TriggersEvent, WebhookEvent } from 'nestjs-triggers';
import { TestClock } from 'nestjs-triggers/testing';
import { z } from 'zod';
import { boot, cleanUp } from '../support/app.js';
import type { Answer, TestApp } from '../support/app.js';
import { SECRET, deliver } from '../support/webhooks.js';

class Ledger {
  readonly booked: unknown[] = [];
  isClosed = false;

  async book(payment: object): Promise<void> {
    if (this.isClosed) throw new Error('the ledger is closed');
    this.booked.push({ ...payment });
  }
}

// #region payments
export const Payment = z.object({ id: z.string(), cents: z.number().int(), currency: z.string() });

@Workflow({ name: 'book' })
export class Book {
  constructor(private readonly ledger: Ledger) {}

  @Task({ retry: { attempts: 3, delay: '1s' } })
  write(context: TaskContext<{ cents: number; currency: string }>) {
    return this.ledger.book(context.data);
  }
}

@Injectable()
export class PaymentWebhooks {
  @WebhookTrigger({
    workflow: Book,
    path: 'payments',
    verify: hmac({ header: 'x-signature', secret: () => process.env['PAYMENTS_SECRET'] ?? '' }),
    schema: Payment,
    dedupKey: ({ id }) => id,
  })
  paid({ payload: { cents, currency } }: WebhookEvent<z.infer<typeof Payment>>) {
    return { cents, currency };
  }
}
// #endregion

// #region program
@Injectable()
export class Mending {
  constructor(private readonly deadLetters: DeadLettersService) {}

  /** The sender forgot the currency for a day. */
  async addCurrency(currency: string): Promise<void> {
    const { items } = await this.deadLetters.list({ trigger: 'paid', kind: 'firing' }, { limit: 1_000 });
    for (const { id } of items) {
      const { payload } = await this.deadLetters.get(id);
      const mended = { ...(JSON.parse(payload ?? '{}') as object), currency };
      try {
        await this.deadLetters.replay(id, { payload: mended, initiatedBy: 'mending' });
      } catch (error) {
        if (!isTriggersError(error, 'TRG_CONTEXT_SCHEMA')) throw error; // Something else is wrong with it too: it stays.
      }
    }
  }

  /** The ledger is open again. */
  async bookAgain(since: Date): Promise<number> {
    const { replayed } = await this.deadLetters.replayAll(
      { kind: 'execution', workflow: 'book', from: since },
      { initiatedBy: 'mending' },
    );
    return replayed;
  }
}
// #endregion

// #region alert
@Injectable()
export class DeadLetterAlert {
  private readonly logger = new Logger('Payments');

  @OnTriggers('firing.dead', 'firing.rejected', 'execution.failed')
  tell(event: TriggersEvent): void {
    this.logger.error(event.name);
  }
}
// #endregion

describe('the guide to dead letters', () => {
  let app: TestApp;
  let ledger: Ledger;
  let clock: TestClock;
  beforeEach(async () => {
    jest.replaceProperty(process, 'env', { ...process.env, PAYMENTS_SECRET: SECRET });
    clock = new TestClock();
    const providers = [Ledger, Book, PaymentWebhooks, Mending, DeadLetterAlert];
    app = await boot({ database: 'sqlite', providers, clock });
    ledger = app.nest.get(Ledger);
  });
  afterEach(async () => {
    await cleanUp();
    jest.restoreAllMocks();
  });

  const pay = (payment: object): Promise<Answer> => deliver(app, 'payments', payment);
  const letters = async (query = '') => (await app.get(`/dead-letters${query}`)).items as Record<string, unknown>[];
  const idOf = async (): Promise<string> => {
    const [letter, ...others] = await letters();
    expect(others).toEqual([]);
    return String(letter?.['id']);
  };

  it('shows how one is found, mended and replayed', async () => {
    expect(await pay({ id: 'p-1', cents: 500 })).toMatchObject({ status: 202, body: { status: 'kept' } });
    const id = await idOf();
    expect(await app.get(`/dead-letters/${id}`)).toMatchObject({
      kind: 'firing',
      source: 'webhook',
      trigger: 'paid',
      dedupKey: 'p-1',
      reason: expect.stringContaining('currency') as unknown,
      payload: '{"id":"p-1","cents":500}',
      origin: { address: expect.stringContaining('127.0.0.1') as unknown, size: 24 },
    });
    const asItIs = await app.call('POST', `/dead-letters/${id}/replay`, {});
    expect(asItIs).toMatchObject({ status: 422, body: { code: 'TRG_CONTEXT_SCHEMA' } });
    const payload = { id: 'p-1', cents: 500, currency: 'EUR' };
    const mended = await app.call('POST', `/dead-letters/${id}/replay`, { payload, reason: 'they forgot it' });
    expect(mended).toMatchObject({ status: 202, body: { status: 'accepted', dedupKey: 'p-1' } });
    await app.kit.drain();
    expect(ledger.booked).toEqual([{ cents: 500, currency: 'EUR' }]);
    expect(await letters('?state=closed')).toMatchObject([{ id, closedBy: mended.body.firingId }]);
  });

  it('says what the retry of the sender does to it', async () => {
    await pay({ id: 'p-1', cents: 500 });
    await pay({ id: 'p-1', cents: 500 });
    const id = await idOf();
    const accepted = await pay({ id: 'p-1', cents: 500, currency: 'EUR' });
    expect(accepted.body.status).toBe('accepted');
    expect(await letters()).toEqual([]);
    expect(await app.get(`/dead-letters/${id}`)).toMatchObject({ closedBy: accepted.body.firingId });
    const payload = { id: 'p-1', cents: 500, currency: 'USD' };
    expect((await app.call('POST', `/dead-letters/${id}/replay`, { payload })).body).toMatchObject({
      status: 'duplicate',
      firingId: accepted.body.firingId,
    });
    await app.kit.drain();
    expect(ledger.booked).toEqual([{ cents: 500, currency: 'EUR' }]);
  });

  it('mends many by a program', async () => {
    await pay({ id: 'p-1', cents: 1 });
    await pay({ id: 'p-2', cents: 'two' });
    await pay({ id: 'p-3', cents: 3 });
    const mending = app.nest.get(Mending);
    await mending.addCurrency('EUR');
    const [hopeless, ...others] = await letters();
    expect([hopeless?.['dedupKey'], others]).toEqual(['p-2', []]);
    const path = `/dead-letters/${String(hopeless?.['id'])}`;
    expect((await app.call('DELETE', path, { reason: 'a test of theirs' })).status).toBe(204);
    await app.kit.drain();
    expect(ledger.booked).toHaveLength(2);
    expect(await letters()).toEqual([]);
  });

  it('books again what failed while the ledger was closed, and only that', async () => {
    const since = new Date(clock.now());
    ledger.isClosed = true;
    for (const id of ['p-1', 'p-2']) await pay({ id, cents: 1, currency: 'EUR' });
    await app.kit.drain({ through: '1m' });
    expect((await letters()).map(({ kind }) => kind)).toEqual(['execution', 'execution']);
    ledger.isClosed = false;
    const [first] = await letters();
    await app.call('POST', `/executions/${String(first?.['id'])}/retry`, {});
    await app.kit.drain();
    expect(await letters()).toHaveLength(1);
    expect(await app.nest.get(Mending).bookAgain(since)).toBe(1);
    await app.kit.drain();
    expect(ledger.booked).toHaveLength(2);
    expect(await letters()).toEqual([]);
  });

  it('keeps nothing of a delivery that nobody signed', async () => {
    expect((await deliver(app, 'payments', {}, { 'x-signature': 'forged' })).status).toBe(401);
    await app.kit.events.next('firing.rejected');
    expect(await letters()).toEqual([]);
  });
});
