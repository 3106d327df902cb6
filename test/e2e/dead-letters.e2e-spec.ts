import { Injectable } from '@nestjs/common';
import { IsInt } from 'class-validator';
import { DeadLettersService, Task, Trigger, TriggerResult, Workflow } from 'nestjs-triggers';
import type { FireItem, TaskContext } from 'nestjs-triggers';
import { boot, cleanUp } from '../support/app.js';
import type { TestApp } from '../support/app.js';
import { DIALECTS } from '../support/database.js';
import { until } from '../support/until.js';

class Order {
  @IsInt()
  amount!: number;
}

const booked: unknown[] = [];
let broken = false;

@Workflow({ name: 'book', input: Order })
class Book {
  @Task({ retry: { attempts: 1 } })
  async write(context: TaskContext<Order>) {
    if (broken) throw new Error('the ledger is closed');
    booked.push(context.data.amount);
  }
}

@Injectable()
class Orders {
  static found: FireItem[] = [];

  @Trigger({ workflow: 'book', pollInterval: '1h', dedup: { for: '7d' } })
  orders() {
    return Orders.found.length === 0 ? TriggerResult.skip() : TriggerResult.fireMany(Orders.found.splice(0));
  }
}

const order = (id: string, amount: unknown): FireItem => ({ context: { amount }, dedupKey: id });

describe.each(DIALECTS)('dead letters on %s', (database) => {
  let app: TestApp;
  const poll = async (...items: FireItem[]): Promise<void> => {
    Orders.found = items;
    await app.kit.poll('orders');
    await app.kit.drain();
  };
  const letters = async (query = ''): Promise<Record<string, unknown>[]> =>
    (await app.get(`/dead-letters${query}`)).items as Record<string, unknown>[];
  const replay = (id: unknown, body: object = {}) => app.call('POST', `/dead-letters/${String(id)}/replay`, body);

  beforeEach(async () => {
    booked.length = 0;
    broken = false;
    app = await boot({ database, providers: [Book, Orders], options: { worker: { concurrency: 1 } } });
  });
  afterEach(cleanUp);

  it('are replayed with a payload that was mended, once, and stay linked', async () => {
    await poll(order('o-1', 'much'), order('o-2', 5));
    const [letter] = await letters();
    expect(letter).toMatchObject({ kind: 'firing', state: 'rejected', dedupKey: 'o-1', context: { amount: 'much' } });

    const invalid = await replay(letter?.['id'], { payload: { amount: 'more' } });
    expect(invalid).toMatchObject({ status: 422, body: { code: 'TRG_CONTEXT_SCHEMA' } });
    expect(await letters()).toHaveLength(1);

    const mended = await replay(letter?.['id'], { payload: { amount: 7 }, reason: 'typo' });
    expect(mended).toMatchObject({ status: 202, body: { status: 'accepted' } });
    await app.kit.drain();
    expect(booked).toEqual([5, 7]);
    expect(await letters()).toEqual([]);
    expect(await letters('?state=closed')).toMatchObject([{ id: letter?.['id'], closedBy: mended.body['firingId'] }]);
    const { items } = await app.get('/orders/firings');
    expect(items).toContainEqual(expect.objectContaining({ id: mended.body['firingId'], replayOf: letter?.['id'] }));

    const again = await replay(letter?.['id'], { payload: { amount: 7 } });
    expect(again.body).toMatchObject({ status: 'duplicate', firingId: mended.body['firingId'] });
    await app.kit.drain();
    expect(booked).toEqual([5, 7]);
    const audit = (await app.get('/audit?action=deadLetter.replay')).items;
    expect(audit).toContainEqual(expect.objectContaining({ target: letter?.['id'], reason: 'typo' }));
  });

  // Review 20
  it('are closed by a later delivery with their key; a replay after that starts nothing', async () => {
    await poll(order('o-1', 'much'));
    await poll(order('o-1', 'much'));
    const [letter] = await letters();
    await poll(order('o-1', 8));
    expect(await letters()).toEqual([]);
    expect((await replay(letter?.['id'], { payload: { amount: 9 } })).body).toMatchObject({ status: 'duplicate' });
    await app.kit.drain();
    expect(booked).toEqual([8]);
  });

  it('count the repeats of their sender instead of growing', async () => {
    for (let turn = 0; turn < 4; turn += 1) await poll(order('o-1', 'much'));
    await until(async () => {
      const open = await letters();
      return open.length === 1 && open[0]?.['duplicates'] === 3;
    }, 'three repeats are counted');
  });

  it('are failed executions too: replayed all at once, oldest first', async () => {
    broken = true;
    await poll(order('o-1', 1), order('o-2', 2), order('o-3', 'much'));
    expect((await letters('?kind=execution')).map(({ workflow }) => workflow)).toEqual(['book', 'book']);
    broken = false;
    const all = await app.call('POST', '/dead-letters/replay', { trigger: 'orders' });
    expect(all.body).toMatchObject({
      replayed: 2,
      failed: 1,
      untried: 0,
      results: expect.arrayContaining([
        expect.objectContaining({ status: 'accepted' }),
        expect.objectContaining({ status: 'failed', code: 'TRG_CONTEXT_SCHEMA' }),
      ]) as unknown,
    });
    await app.kit.drain();
    expect(booked).toEqual([1, 2]);
    expect(await letters()).toMatchObject([{ kind: 'firing', dedupKey: 'o-3' }]);
    expect(await app.call('POST', '/dead-letters/replay', { kind: 'execution' })).toMatchObject({
      body: { replayed: 0, results: [] },
    });
  });

  it('start in the order of their failures where many are replayed at once', async () => {
    broken = true;
    const amounts = [...Array(60).keys()];
    await poll(...amounts.map((amount) => order(`o-${amount}`, amount)));
    const oldestFirst = (await letters('?limit=1000')).map(({ id }) => id).reverse();
    broken = false;
    const { body } = await app.call('POST', '/dead-letters/replay', { kind: 'execution' });
    expect((body.results as { id: string }[]).map(({ id }) => id)).toEqual(oldestFirst);
    await app.kit.drain();
    const seen = await Promise.all(
      oldestFirst.map(async (id) => (await app.get(`/executions/${String(id)}`)).input.amount as number),
    );
    expect(booked).toEqual(seen);
  });

  it('leave a record of who replayed which of them at once, and what came of it', async () => {
    broken = true;
    await poll(order('o-1', 1), order('o-2', 'much'));
    broken = false;
    await app.call('POST', '/dead-letters/replay', { trigger: 'orders', limit: 10, reason: 'the ledger is open' });
    expect((await app.get('/audit?action=deadLetter.replayAll&target=orders')).items).toMatchObject([
      {
        actor: 'token',
        reason: 'the ledger is open',
        details: { filter: { trigger: 'orders', limit: 10 }, replayed: 1, failed: 1, untried: 0 },
      },
    ]);
    await app.call('POST', '/dead-letters/replay', {});
    expect((await app.get('/audit?action=deadLetter.replayAll&target=*')).items).toHaveLength(1);
  });

  it('are discarded with a reason, and open no more', async () => {
    broken = true;
    await poll(order('o-1', 'much'), order('o-2', 2));
    for (const { id } of await letters()) {
      expect((await app.call('DELETE', `/dead-letters/${String(id)}`, { reason: 'a test' })).status).toBe(204);
      expect((await app.call('DELETE', `/dead-letters/${String(id)}`, {})).status).toBe(409);
    }
    expect(await letters()).toEqual([]);
    const closed = await letters('?state=closed');
    expect(closed).toHaveLength(2);
    for (const { id } of closed)
      expect(await replay(id)).toMatchObject({ status: 409, body: { code: 'TRG_API_CONFLICT' } });
  });

  it('that a retry has failed again are open again', async () => {
    broken = true;
    await poll(order('o-2', 2));
    const [{ id }] = (await letters()) as [{ id: string }];
    await app.call('DELETE', `/dead-letters/${id}`, {});
    await app.call('POST', `/executions/${id}/retry`, {});
    await app.kit.drain();
    expect(await letters()).toMatchObject([{ kind: 'execution', id }]);
  });

  it('show everything that was kept, and say so when there is nothing', async () => {
    await poll(order('o-1', 'much'));
    const [letter] = await letters();
    expect(await app.get(`/dead-letters/${String(letter?.['id'])}`)).toMatchObject({
      input: { amount: 'much' },
      reason: expect.stringContaining('amount') as unknown,
      payload: null,
    });
    for (const id of ['nothing', '0198c0de-0000-7000-8000-000000000000']) {
      expect(await replay(id)).toMatchObject({ status: 404, body: { code: 'TRG_API_DEAD_LETTER_NOT_FOUND' } });
    }
  });

  it('are at hand for programs', async () => {
    await poll(order('o-1', 'much'));
    const service = app.nest.get(DeadLettersService);
    const { items } = await service.list({ trigger: 'orders' });
    const outcome = await service.replay(items[0]?.id ?? '', { payload: { amount: 3 }, initiatedBy: 'ops' });
    expect(outcome.status).toBe('accepted');
    await app.kit.drain();
    expect(booked).toEqual([3]);
  });
});
