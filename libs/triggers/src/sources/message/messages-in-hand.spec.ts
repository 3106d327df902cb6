import { TriggersService } from '../../admin/triggers.service.js';
import { DATABASES, gate } from '../../engine/engine.contract.js';
import { MessageIntake } from '../../intake/message-intake.service.js';
import { ACK, redeliver } from './message-source.js';
import { takeAway, useOrders } from './orders-kit.contract.js';

describe.each(DATABASES)('message triggers with messages in hand on %s', (database) => {
  const orders = useOrders(database);

  it('wait for the database longer than any timer is set, and commit once', async () => {
    const node = await orders.boot();
    const timers = jest.spyOn(orders.kit.clock, 'setTimer');
    const comeBack = takeAway(node);
    const sent = orders.source.send('m1', { n: 1 });
    await orders.settle();
    comeBack();
    await orders.kit.clock.advance(2_000);
    expect(sent.settlements).toEqual([ACK]);
    // The clock of the machine sets no timer further ahead than a minute: whoever waits for ever sets none.
    expect(timers.mock.calls.map(([, delayMs]) => delayMs)).not.toContain(Infinity);
  });

  it('take nothing while the database is away, call no method twice and burn no delivery', async () => {
    const node = await orders.boot({ prefetch: 3 });
    const comeBack = takeAway(node);
    for (let n = 0; n < 10; n += 1) orders.source.send(`m${n}`, { n });
    await orders.settle();
    expect([orders.source.isPaused, orders.mapped.length]).toEqual([true, 3]);
    await orders.kit.clock.advance(20_000);
    expect([
      orders.source.isPaused,
      orders.mapped.length,
      orders.source.sent.flatMap(({ settlements }) => settlements),
    ]).toEqual([true, 3, []]);
    comeBack();
    await orders.kit.clock.advance(2_000);
    expect(orders.source.isPaused).toBe(false);
    expect(orders.mapped).toHaveLength(10);
    expect(orders.shipped).toHaveLength(10);
    expect(orders.source.sent.map(({ settlements }) => settlements)).toEqual(Array.from({ length: 10 }, () => [ACK]));
    expect(await orders.counts(node)).toEqual([]);
  });

  it('count one failure once, although the database was away when it was to be counted', async () => {
    const node = await orders.boot();
    orders.map = () => {
      takeAwayNow();
      throw new Error('bad');
    };
    let comeBack = (): void => undefined;
    const takeAwayNow = (): void => void (comeBack = takeAway(node));
    const sent = orders.source.send('m1', {});
    await orders.kit.clock.advance(20_000);
    expect(sent.settlements).toEqual([]);
    comeBack();
    await orders.kit.clock.advance(2_000);
    expect(sent.settlements).toEqual([redeliver(1_000)]);
    expect(await orders.counts(node)).toEqual([['m1', 1]]);
  });

  it('leave messages with the broker while they are disabled, and hold what was in hand', async () => {
    const node = await orders.boot();
    const hold = gate();
    orders.map = () => hold.opened;
    const inHand = orders.source.send('m1', { n: 1 });
    await orders.settle();
    await node.get(TriggersService).setEnabled('orders', false);
    await orders.settle();
    const waiting = orders.source.send('m2', { n: 2 });
    hold.open();
    await orders.settle();
    expect([orders.source.isPaused, inHand.settlements, waiting.settlements]).toEqual([true, [ACK], []]);
    expect(await orders.firings(node)).toMatchObject([{ state: 'held' }]);
    expect(orders.shipped).toEqual([]);
    await node.get(TriggersService).setEnabled('orders', true);
    await orders.settle();
    expect(waiting.settlements).toEqual([ACK]);
    await orders.kit.clock.advance(11_000);
    expect(orders.shipped).toEqual(expect.arrayContaining([{ n: 1 }, { n: 2 }]));
  });

  it('do not even connect while the code has them disabled', async () => {
    const node = await orders.boot({ enabled: false });
    expect(orders.source.subscriptions).toBe(0);
    await node.get(TriggersService).setEnabled('orders', true);
    await orders.settle();
    expect(orders.source.subscriptions).toBe(1);
  });

  it('let what is in hand end when the process stops, and take nothing more', async () => {
    const node = await orders.boot();
    const hold = gate();
    orders.map = () => hold.opened;
    const sent = orders.source.send('m1', {});
    await orders.settle();
    const stopping = node.get(TriggersService).stop();
    await orders.settle();
    expect([orders.source.isStopped, orders.source.isClosed, sent.settlements]).toEqual([true, false, []]);
    hold.open();
    await orders.kit.clock.advance(1_000);
    await stopping;
    expect([orders.source.isClosed, sent.settlements]).toEqual([true, [ACK]]);
    await node.get(TriggersService).start();
    orders.source.send('m2', {});
    await orders.settle();
    expect([orders.source.subscriptions, orders.shipped.length]).toEqual([2, 2]);
  });

  it('give back what does not end within the drain', async () => {
    const node = await orders.boot();
    orders.map = () => new Promise(() => undefined);
    const sent = orders.source.send('m1', {});
    await orders.settle();
    const stopping = node.get(TriggersService).stop();
    await orders.kit.clock.advance(19_000);
    expect(sent.settlements).toEqual([]);
    await orders.kit.clock.advance(2_000);
    await stopping;
    expect([sent.settlements, orders.source.isClosed]).toEqual([[redeliver(0)], true]);
  });

  it('show that the broker is away, once, and that it is back', async () => {
    const node = await orders.boot();
    const state = async () => {
      const { state, lastError } = await node.get(TriggersService).get('orders');
      return { state, lastError };
    };
    orders.source.back();
    await orders.settle();
    expect(await state()).toEqual({ state: 'active', lastError: null });
    for (let times = 0; times < 3; times += 1) orders.source.away();
    await orders.kit.clock.advance(2_000);
    expect(await state()).toEqual({
      state: 'failing',
      lastError: 'test queue "orders" cannot be reached: connect ECONNREFUSED',
    });
    orders.source.back();
    orders.source.back();
    await orders.settle();
    expect(await state()).toEqual({ state: 'active', lastError: null });
    expect(node.events.all.filter(({ name }) => name.startsWith('source'))).toMatchObject([
      { name: 'source.away', trigger: 'orders', source: orders.source.name, error: 'connect ECONNREFUSED' },
      { name: 'source.back', trigger: 'orders', afterMs: 2_000 },
    ]);
  });

  it('take nothing when the process is stopped while they are about to begin', async () => {
    const node = await orders.kit.boot([orders.workflow(), orders.trigger()], { autostart: false });
    const intake = node.get(MessageIntake);
    const enabledOf = intake.enabledOf.bind(intake);
    const hold = gate();
    jest.spyOn(intake, 'enabledOf').mockImplementation((triggers) => hold.opened.then(() => enabledOf(triggers)));
    const starting = node.get(TriggersService).start();
    await orders.settle();
    const stopping = node.get(TriggersService).stop();
    await orders.settle();
    hold.open();
    await orders.kit.clock.advance(25_000);
    await Promise.all([starting, stopping]);
    expect(orders.source.subscriptions).toBe(0);
  });
});
