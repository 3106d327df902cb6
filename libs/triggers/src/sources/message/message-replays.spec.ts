import { z } from 'zod';
import { DeadLettersService } from '../../admin/dead-letters.service.js';
import { DATABASES } from '../../engine/engine.contract.js';
import { useOrders } from './orders-kit.contract.js';

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
});
