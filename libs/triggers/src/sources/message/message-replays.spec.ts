import { z } from 'zod';
import { DeadLettersService } from '../../admin/dead-letters.service.js';
import { DATABASES } from '../../engine/engine.contract.js';
import { TriggerResult } from '../../model/trigger-result.js';
import { DAY_MS, useOrders } from './orders-kit.contract.js';
import { TestSource } from './test-source.contract.js';

describe.each(DATABASES)('message triggers whose dead letters are replayed on %s', (database) => {
  const orders = useOrders(database);

  it('replay a dead letter through schema and method, as a message of now', async () => {
    const node = await orders.boot({ deliveries: 1, schema: z.object({ order: z.number() }) });
    orders.map = ({ body, id, headers }) => ({ ...(body as object), id, shop: headers['shop'] });
    orders.source.send('m1', { order: 'seven' }, { headers: { shop: '3' } });
    await orders.settle();
    const [letter] = await node.rows('firing');
    const letters = node.get(DeadLettersService);
    await expect(letters.replay(letter?.['id'] as never)).rejects.toMatchObject({ code: 'TRG_CONTEXT_SCHEMA' });
    const outcome = await letters.replay(letter?.['id'] as never, { payload: { order: 7 } });
    await orders.settle();
    expect(outcome).toMatchObject({ status: 'accepted', dedupKey: 'm1' });
    expect(orders.shipped).toEqual([{ order: 7, id: 'm1', shop: '3' }]);
    orders.source.send('m1', { order: 7 });
    await orders.settle();
    expect(orders.shipped).toHaveLength(1);
  });

  it('hold a key that the method gives as long after a replay as after a message', async () => {
    orders.source = new TestSource({ hasIdentity: false });
    const node = await orders.boot({ deliveries: 1 });
    orders.map = () => {
      throw new Error('broken');
    };
    orders.source.send(null, { order: 7 });
    await orders.settle();
    orders.map = ({ body }) => TriggerResult.fire(body as object, { dedupKey: 'k' });
    const [letter] = await node.rows('firing');
    await node.get(DeadLettersService).replay(letter?.['id'] as never);
    await orders.settle();
    for (const [passedMs, shipped] of [
      [6 * DAY_MS, 1],
      [DAY_MS, 2],
    ] as const) {
      orders.kit.clock.set(new Date(orders.kit.clock.now() + passedMs));
      orders.source.send(null, { order: 7 });
      await orders.settle();
      expect(orders.shipped).toHaveLength(shipped);
    }
  });

  it('fire nothing again that was fired with an item that has a key of its own', async () => {
    const node = await orders.boot();
    const items = (second: unknown) => [{ context: { n: 1 } }, { context: second as object, dedupKey: 'mine' }];
    orders.map = () => TriggerResult.fireMany(items([]));
    orders.source.send('m1', {});
    await orders.settle();
    const letter = (await node.rows('firing')).find(({ state }) => state === 'rejected');
    orders.map = () => TriggerResult.fireMany(items({ n: 2 }));
    await node.get(DeadLettersService).replay(letter?.['id'] as never);
    orders.source.send('m1', {});
    await orders.settle();
    expect(orders.shipped).toEqual([{ n: 1 }, { n: 2 }]);
  });
});
