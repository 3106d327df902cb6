import { DeadLettersService } from '../../admin/dead-letters.service.js';
import { DATABASES } from '../../engine/engine.contract.js';
import type { JsonObject } from '../../model/json.js';
import { TriggerResult } from '../../model/trigger-result.js';
import { ACK, redeliver } from './message-source.js';
import { DAY_MS, useOrders } from './orders-kit.contract.js';
import { TestSource } from './test-source.contract.js';

describe.each(DATABASES)('message triggers that see the same message again on %s', (database) => {
  const orders = useOrders(database);

  it('go by no key where messages have no ids, unless the author chose one', async () => {
    orders.source = new TestSource({ hasIdentity: false });
    const node = await orders.boot();
    orders.map = ({ body }) =>
      (body as JsonObject)['key'] === undefined ? undefined : TriggerResult.fire({}, { dedupKey: 'k' });
    for (const body of [{ n: 1 }, { n: 1 }, { key: 1 }, { key: 1 }]) orders.source.send(null, body);
    await orders.settle();
    orders.kit.clock.set(new Date(orders.kit.clock.now() + 6 * DAY_MS));
    orders.source.send(null, { key: 1 });
    await orders.settle();
    expect(orders.shipped).toHaveLength(3);
    expect((await orders.firings(node)).map(({ key }) => key)).toEqual([null, null, 'k']);
  });

  it('go by equal contexts where the author says so', async () => {
    orders.source = new TestSource({ hasIdentity: false });
    await orders.boot({ dedup: { for: '1h' } });
    for (let times = 0; times < 3; times += 1) orders.source.send(null, { n: 1 });
    await orders.settle();
    expect(orders.shipped).toHaveLength(1);
    expect(orders.source.sent.map(({ settlements }) => settlements)).toEqual([[ACK], [ACK], [ACK]]);
  });

  it.each([
    ['', () => undefined, ['m1']],
    [' as several items', () => TriggerResult.fireMany([{ context: {} }, { context: {} }]), ['m1#0', 'm1#1']],
    [' by a key of the author', () => TriggerResult.fire({}, { dedupKey: 'mine' }), ['mine']],
  ])(
    'start nothing and open no letter when what was accepted%s comes again and the method is broken by then',
    async (_, made, keys) => {
      const node = await orders.boot({ deliveries: 2 });
      orders.map = made;
      orders.source.send('m1', { n: 1 });
      await orders.settle();
      orders.map = () => {
        throw new Error('broken');
      };
      const again = orders.source.send('m1', { n: 1 });
      await orders.settle();
      orders.source.redeliver();
      await orders.settle();
      expect(again.settlements).toEqual([redeliver(1_000), ACK]);
      expect(await orders.firings(node)).toEqual(keys.map((key) => ({ state: 'accepted', reason: null, key })));
      expect(await orders.counts(node)).toEqual([]);
    },
  );

  it('close the letter of a message whose items are accepted when it comes once more', async () => {
    const node = await orders.boot({ deliveries: 1 });
    orders.map = () => {
      throw new Error('broken');
    };
    orders.source.send('m1', {});
    await orders.settle();
    orders.map = () => TriggerResult.fireMany([{ context: { n: 1 } }, { context: { n: 2 } }]);
    orders.source.send('m1', {});
    await orders.settle();
    expect(orders.shipped).toHaveLength(2);
    expect((await node.get(DeadLettersService).list({})).items).toEqual([]);
  });

  it('keep a letter for each message where the author wants no dedup', async () => {
    const node = await orders.boot({ deliveries: 1, dedup: 'off' });
    orders.map = () => {
      throw new Error('bad');
    };
    for (let times = 0; times < 2; times += 1) orders.source.send('m1', {});
    await orders.settle();
    expect((await orders.firings(node)).map(({ state }) => state)).toEqual(['rejected', 'rejected']);
  });

  it('take an id, and a body, however long and odd they are', async () => {
    const node = await orders.boot({ deliveries: 1 });
    const long = 'x'.repeat(5_000);
    orders.source.send(long, { order: 1 });
    orders.source.send(long, { order: 1 });
    orders.source.send('nul\u0000', { text: 'a\u0000b' });
    await orders.settle();
    expect(orders.source.sent.map(({ settlements }) => settlements)).toEqual([[ACK], [ACK], [ACK]]);
    expect(orders.shipped).toHaveLength(1);
    expect((await orders.firings(node)).map(({ state }) => state).sort()).toEqual(['accepted', 'rejected']);
  });
});
