import { z } from 'zod';
import { TriggersService } from '../../admin/triggers.service.js';
import { DATABASES } from '../../engine/engine.contract.js';
import { Pruner } from '../../engine/pruner.service.js';
import { TriggerResult } from '../../model/trigger-result.js';
import type { MessageTriggerOptions } from './message.options.js';
import { ACK, redeliver } from './message-source.js';
import { DAY_MS, useOrders } from './orders-kit.contract.js';
import { TestSource } from './test-source.contract.js';

describe.each(DATABASES)('message triggers whose messages fail on %s', (database) => {
  const orders = useOrders(database);

  const FAULTS: [what: string, options: Partial<MessageTriggerOptions>, map: () => unknown, reason: RegExp][] = [
    [
      'whose method throws',
      {},
      () => {
        throw new Error('no stock');
      },
      /^the method threw: no stock$/,
    ],
    ['whose method returns nonsense', {}, () => 7, /returned a number/],
    [
      'that is not what the schema says',
      { schema: z.object({ total: z.number() }) },
      () => undefined,
      /does not fit: total/,
    ],
    [
      'whose filter throws',
      {
        filter: () => {
          throw new Error('no rule');
        },
      },
      () => undefined,
      /the filter threw: no rule$/,
    ],
    ['whose context cannot be stored', {}, () => ({ big: 'x'.repeat(1_100_000) }), /1048576|1,048,576|MiB/],
    ['whose dedup key is none', {}, () => TriggerResult.fire({}, { dedupKey: '' }), /dedup key/],
  ];

  it.each(FAULTS)(
    'deliver a message %s again, later each time, and bury it the fifth time',
    async (_, options, fault, reason) => {
      const node = await orders.boot(options);
      orders.map = fault;
      const sent = orders.source.send(
        'm1',
        { order: 7 },
        { headers: { authorization: 'Bearer secret', accessKey: 'abcdef', shop: '3' } },
      );
      await orders.settle();
      for (let times = 1; times < 5; times += 1) {
        expect(await orders.counts(node)).toEqual([['m1', times]]);
        orders.source.redeliver();
        await orders.settle();
      }
      expect(sent.settlements).toEqual([redeliver(1_000), redeliver(2_000), redeliver(4_000), redeliver(8_000), ACK]);
      const [letter] = await node.rows('firing');
      expect(letter).toMatchObject({ state: 'rejected', payload: '{"order":7}', dedup_label: 'm1' });
      expect(letter?.['reason']).toMatch(reason);
      expect(JSON.parse(letter?.['origin'] as string)).toEqual({
        source: orders.source.name,
        id: 'm1',
        size: 11,
        deliveries: 5,
        sentAt: null,
        receivedAt: expect.any(String),
        headers: { authorization: '[13 characters]', accessKey: '[6 characters]', shop: '3' },
      });
      expect(await orders.counts(node)).toEqual([]);
      await orders.kit.clock.advance(1_000);
      expect((await node.get(TriggersService).get('orders')).counts).toMatchObject({ failures: 5, fires: 0 });
    },
  );

  it('bury without its body what is larger than everything that may wait for the database', async () => {
    const node = await orders.boot({ deliveries: 1 });
    const sent = orders.source.send('m1', null, { body: { text: 'x'.repeat(68_000_000) } });
    await orders.settle();
    expect(sent.settlements).toEqual([ACK]);
    const [letter] = await node.rows('firing');
    expect(letter).toMatchObject({ state: 'rejected', payload: null });
    expect(JSON.parse(letter?.['origin'] as string)).toMatchObject({ size: 68_000_000 });
  });

  it('bury what is no JSON with what was sent', async () => {
    const node = await orders.boot({ deliveries: 1 });
    orders.source.send('m1', null, { body: { text: '{"order":' } });
    orders.source.send('m2', null, { body: { text: '{"n":1}', unreadable: 'The entry has no field "data".' } });
    orders.source.send('m3', null, { body: { text: '{"n":12345678901234567890}' } });
    await orders.settle();
    const letters = (await node.rows('firing')).map(({ payload, reason }) => [payload, reason]);
    expect(letters).toEqual([
      ['{"order":', expect.stringContaining('The body is no JSON')],
      ['{"n":1}', 'The entry has no field "data".'],
      ['{"n":12345678901234567890}', expect.stringContaining('(payload).n is an integer beyond')],
    ]);
  });

  it('bury a message of which the database itself wants nothing', async () => {
    const node = await orders.boot({ deliveries: 2 });
    const submit = node.store.commits.submit.bind(node.store.commits);
    jest
      .spyOn(node.store.commits, 'submit')
      .mockImplementation((kind, item, options) =>
        kind.name === 'firing' && (item as { state?: string }).state === 'accepted'
          ? Promise.reject(new Error('value out of range'))
          : submit(kind, item, options),
      );
    const sent = orders.source.send('m1', {});
    await orders.settle();
    orders.source.redeliver();
    await orders.settle();
    expect(sent.settlements).toEqual([redeliver(1_000), ACK]);
    expect(await orders.firings(node)).toEqual([
      { state: 'rejected', reason: expect.stringContaining('value out of range'), key: 'm1' },
    ]);
  });

  it('start a message that failed and then does not, and count no more', async () => {
    const node = await orders.boot();
    orders.map = ({ deliveries }) => {
      if (deliveries < 4) throw new Error('not yet');
    };
    const sent = orders.source.send('m1', { order: 7 });
    for (let times = 0; times < 4; times += 1) {
      await orders.settle();
      orders.source.redeliver();
    }
    await orders.settle();
    expect(sent.settlements.at(-1)).toEqual(ACK);
    expect(orders.shipped).toHaveLength(1);
    expect(await orders.counts(node)).toEqual([]);
  });

  it('count failures by the body where messages have no ids, and bury each by itself', async () => {
    orders.source = new TestSource({ hasIdentity: false });
    const node = await orders.boot({ deliveries: 2 });
    orders.map = () => {
      throw new Error('bad');
    };
    for (let times = 0; times < 2; times += 1) {
      orders.source.send(null, { n: 1 });
      await orders.settle();
      orders.source.redeliver();
      await orders.settle();
    }
    expect((await orders.firings(node)).map(({ state, key }) => [state, key])).toEqual([
      ['rejected', null],
      ['rejected', null],
    ]);
  });

  it('forget the failures of a message that does not come again after seven days', async () => {
    const node = await orders.boot();
    orders.map = () => {
      throw new Error('bad');
    };
    orders.source.send('m1', {});
    await orders.settle();
    const pruner = node.get(Pruner);
    expect(await pruner.runOnce()).toMatchObject({ deliveries: 0 });
    orders.kit.clock.set(new Date(orders.kit.clock.now() + 7 * DAY_MS + 1_000));
    expect(await pruner.runOnce()).toMatchObject({ deliveries: 1 });
    expect(await orders.counts(node)).toEqual([]);
  });

  it('count on after they were given another name', async () => {
    const node = await orders.boot({ deliveries: 3 });
    orders.map = () => {
      throw new Error('bad');
    };
    const sent = orders.source.send('m1', {});
    await orders.settle();
    orders.source.redeliver();
    await orders.settle();
    await orders.kit.shutDown(node);
    const renamed = await orders.boot({ name: 'sales', aliases: ['orders'], deliveries: 3 });
    expect(await orders.counts(renamed)).toEqual([['m1', 2]]);
    orders.source.redeliver();
    await orders.settle();
    expect(sent.settlements).toEqual([redeliver(1_000), redeliver(2_000), ACK]);
    expect(await orders.firings(renamed)).toMatchObject([{ state: 'rejected', key: 'm1' }]);
    expect(await orders.counts(renamed)).toEqual([]);
  });
});
