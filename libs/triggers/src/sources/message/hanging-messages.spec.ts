import { DATABASES, gate } from '../../engine/engine.contract.js';
import { MAX_STALLED } from '../payload/method-calls.js';
import { ACK, redeliver } from './message-source.js';
import { useOrders } from './orders-kit.contract.js';

describe.each(DATABASES)('message triggers whose code hangs on %s', (database) => {
  const orders = useOrders(database);

  it('deliver a message again whose method does not end in time, give its place to others, and bury it the fifth time', async () => {
    const node = await orders.boot({ prefetch: 1, timeout: '5s' });
    orders.map = ({ id }) => (id === 'slow' ? new Promise(() => undefined) : undefined);
    const slow = orders.source.send('slow', { n: 1 });
    const next = orders.source.send('next', { n: 2 });
    await orders.kit.clock.advance(4_999);
    expect([slow.settlements, next.settlements, orders.shipped]).toEqual([[], [], []]);
    await orders.kit.clock.advance(1);
    expect([slow.settlements, next.settlements, orders.shipped]).toEqual([[redeliver(1_000)], [ACK], [{ n: 2 }]]);
    for (let times = 1; times < 5; times += 1) {
      orders.source.redeliver();
      await orders.kit.clock.advance(5_000);
    }
    expect(slow.settlements.at(-1)).toEqual(ACK);
    const letters = (await orders.firings(node)).filter(({ state }) => state === 'rejected');
    expect(letters).toEqual([{ state: 'rejected', reason: 'the method did not end within 5s', key: 'slow' }]);
    const stalled = node.events.all.filter(({ name }) => name === 'trigger.stalled');
    expect(stalled).toHaveLength(5);
    expect(stalled[0]).toMatchObject({ trigger: 'orders', timeoutMs: 5_000 });
  });

  it('call no method, and count nothing, while too many calls of it still go on after their time', async () => {
    const node = await orders.boot({ prefetch: MAX_STALLED });
    orders.map = ({ id }) => (id === 'next' ? undefined : new Promise(() => undefined));
    for (let n = 0; n < MAX_STALLED; n += 1) orders.source.send(`m${n}`, {});
    await orders.kit.clock.advance(30_000);
    const next = orders.source.send('next', {});
    await orders.settle();
    expect(next.settlements).toEqual([redeliver(1_000)]);
    expect(orders.mapped).toHaveLength(MAX_STALLED);
    expect((await orders.counts(node)).map(([message]) => message)).not.toContain('next');
  });

  it('make nothing of what a method returns after its time', async () => {
    await orders.boot({ timeout: '5s', deliveries: 1 });
    const hold = gate();
    orders.map = () => hold.opened.then(() => ({ late: true }));
    orders.source.send('m1', {});
    await orders.kit.clock.advance(5_000);
    hold.open();
    await orders.settle();
    expect(orders.shipped).toEqual([]);
  });
});
