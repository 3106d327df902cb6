import { TriggersService } from '../../admin/triggers.service.js';
import { DATABASES, gate } from '../../engine/engine.contract.js';
import { TriggerResult } from '../../model/trigger-result.js';
import { MAX_HELD } from '../../store/commits/switch.statements.js';
import { ACK, redeliver } from './message-source.js';
import { DAY_MS, useOrders } from './orders-kit.contract.js';

describe.each(DATABASES)('message triggers on %s', (database) => {
  const orders = useOrders(database);

  it('start an execution with the body, and acknowledge the message after that', async () => {
    const node = await orders.boot();
    const hold = gate();
    const { transaction } = node.store.dialect;
    node.store.dialect.transaction = async (work) => {
      await hold.opened;
      return transaction(work);
    };
    const sent = orders.source.send('m1', { order: 7 });
    await orders.settle();
    expect([orders.mapped.length, sent.settlements]).toEqual([1, []]);
    hold.open();
    await orders.settle();
    expect(sent.settlements).toEqual([ACK]);
    expect(orders.shipped).toEqual([{ order: 7 }]);
    expect(await orders.firings(node)).toEqual([{ state: 'accepted', reason: null, key: 'm1' }]);
  });

  it('tell the method all that is known of the message', async () => {
    await orders.boot();
    const sentAt = new Date('2026-01-01T00:00:00Z');
    orders.source.send('m1', { order: 7 }, { headers: { 'x-shop': '3' }, deliveries: 2, sentAt });
    await orders.settle();
    const receivedAt = new Date(orders.kit.clock.now());
    const facts = { trigger: 'orders', id: 'm1', key: 'm1', deliveries: 2, redelivered: true, sentAt, receivedAt };
    expect(orders.mapped).toEqual([{ ...facts, body: { order: 7 }, headers: { 'x-shop': '3' } }]);
  });

  it('start what is delivered twice once, for seven days, and equal messages with other ids as often as they come', async () => {
    const node = await orders.boot();
    for (const id of ['a', 'a', 'b', 'a', 'c']) orders.source.send(id, { order: 1 });
    await orders.settle();
    expect(orders.source.sent.map(({ settlements }) => settlements)).toEqual(Array.from({ length: 5 }, () => [ACK]));
    expect(orders.shipped).toHaveLength(3);
    orders.kit.clock.set(new Date(orders.kit.clock.now() + 7 * DAY_MS - 60_000));
    orders.source.send('a', { order: 1 });
    await orders.settle();
    expect(orders.shipped).toHaveLength(3);
    orders.kit.clock.set(new Date(orders.kit.clock.now() + 60_001));
    orders.source.send('a', { order: 1 });
    await orders.settle();
    expect(orders.shipped).toHaveLength(4);
    expect((await orders.firings(node)).map(({ state }) => state)).toEqual(Array.from({ length: 4 }, () => 'accepted'));
  });

  it('fire what the method makes of the message, several with a key each, and nothing when it says so', async () => {
    const node = await orders.boot();
    orders.map = ({ id }) => {
      if (id === 'none') return TriggerResult.skip('not for us');
      if (id === 'one') return { mapped: true };
      return TriggerResult.fireMany([
        { context: { n: 1 } },
        { context: { n: 2 }, dedupKey: 'mine' },
        { context: [] as object },
      ]);
    };
    for (const id of ['none', 'one', 'many', 'many']) orders.source.send(id, {});
    await orders.settle();
    expect(await orders.firings(node)).toEqual(
      expect.arrayContaining([
        { state: 'filtered', reason: 'not for us', key: null },
        { state: 'accepted', reason: null, key: 'one' },
        { state: 'accepted', reason: null, key: 'many#0' },
        { state: 'accepted', reason: null, key: 'mine' },
        { state: 'rejected', reason: expect.stringContaining('object'), key: 'many#2' },
      ]),
    );
    expect(orders.shipped).toHaveLength(3);
    expect(orders.source.sent.flatMap(({ settlements }) => settlements)).toEqual([ACK, ACK, ACK, ACK]);
  });

  it('start later what comes faster than the limit', async () => {
    await orders.boot({ rateLimit: { limit: 1, per: '10s' } });
    for (let n = 0; n < 3; n += 1) orders.source.send(`m${n}`, { n });
    await orders.settle();
    expect(orders.shipped).toHaveLength(1);
    expect(orders.source.sent.map(({ settlements }) => settlements)).toEqual([[ACK], [ACK], [ACK]]);
    await orders.kit.clock.advance(21_000);
    expect(orders.shipped).toHaveLength(3);
  });

  it('skip the items beyond the limit where the author says so, and start the others', async () => {
    const node = await orders.boot({ rateLimit: { limit: 2, per: '10s' }, onLimit: 'skip' });
    orders.map = () => TriggerResult.fireMany([1, 2, 3].map((n) => ({ context: { n } })));
    const sent = orders.source.send('m1', {});
    await orders.settle();
    expect(sent.settlements).toEqual([ACK]);
    await orders.kit.clock.advance(30_000);
    expect(orders.shipped).toHaveLength(2);
    expect((await orders.firings(node)).map(({ state }) => state)).toEqual(['accepted', 'accepted', 'limited']);
  });

  it('take all items of a message or none, so that a full hold splits no message', async () => {
    const node = await orders.boot();
    const [first, last] = [gate(), gate()];
    const items = (count: number) =>
      TriggerResult.fireMany(Array.from({ length: count }, (_, n) => ({ context: { n } })));
    orders.map = ({ id }) =>
      id === 'last' ? last.opened.then(() => items(2)) : first.opened.then(() => items(Number.parseInt(id ?? '', 10)));
    for (let held = 0; held < MAX_HELD - 1_000; held += 1_000) orders.source.send(`1000-${held}`, {});
    orders.source.send('999', {});
    const sent = orders.source.send('last', {});
    await orders.settle();
    await node.get(TriggersService).setEnabled('orders', false);
    first.open();
    await orders.settle();
    last.open();
    await orders.settle();
    expect(sent.settlements).toEqual([redeliver(1_000)]);
    const held = await orders.firings(node);
    expect(held.filter(({ state }) => state === 'held')).toHaveLength(MAX_HELD - 1);
    expect(held.filter(({ key }) => String(key).startsWith('last'))).toEqual([]);
  });

  it('stand among all triggers with what they listen to', async () => {
    const node = await orders.boot({ prefetch: 7 });
    const [view] = await node.get(TriggersService).list();
    expect(view).toMatchObject({ name: 'orders', kind: 'message', state: 'active', workflows: ['ship'] });
    const { options } = await node.get(TriggersService).get('orders');
    expect(options).toEqual({
      from: 'test queue "orders"',
      prefetch: 7,
      timeout: '30s',
      deliveries: 5,
      redeliverAfter: '1s',
    });
  });
});
