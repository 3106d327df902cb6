import { Logger } from '@nestjs/common';
import type { MessageTriggerOptions } from './message.options.js';
import { useOrders } from './orders-kit.contract.js';
import { TestSource } from './test-source.contract.js';

describe('the options of @MessageTrigger', () => {
  const orders = useOrders(':memory:');

  const WRONG: [what: string, options: Partial<Record<keyof MessageTriggerOptions, unknown>>, message: RegExp][] = [
    ['no source', { from: undefined }, /option "from": nobody says where messages come from/],
    ['a source that is none', { from: { name: 'x' } }, /option "from": nobody says/],
    [
      'a source that throws',
      {
        from: () => {
          throw new Error('no URL');
        },
      },
      /option "from": the function that should return it threw: no URL/,
    ],
    ['a prefetch of nothing', { prefetch: 0 }, /option "prefetch" is 0; it takes a whole number from 1 to 10000/],
    ['half a delivery', { deliveries: 0.5 }, /option "deliveries" is 0\.5/],
    ['a timeout of more than a minute', { timeout: '2m' }, /option "timeout" is "2m"; it takes "1ms" to "1m"/],
    ['no duration', { redeliverAfter: 'soon' }, /option "redeliverAfter": "soon" is no duration/],
    ['a schema that is none', { schema: 7 }, /option "schema"/],
  ];

  it.each(WRONG)('refuse %s, with the trigger and what to do', async (_, options, message) => {
    const booting = orders.boot(options as Partial<MessageTriggerOptions>);
    await expect(booting).rejects.toMatchObject({ code: 'TRG_DEF_INVALID', message: expect.stringMatching(message) });
    await expect(booting).rejects.toThrow('Trigger "orders" (Orders.take)');
    orders.kit.nodes.length = 0;
  });

  it('say at the start that messages without ids are not deduplicated, unless the author has decided that', async () => {
    const log = jest.spyOn(Logger.prototype, 'log');
    orders.source = new TestSource({ hasIdentity: false });
    await orders.kit.boot([orders.workflow(), orders.trigger(), orders.trigger({ name: 'decided', dedup: 'off' })]);
    const said = log.mock.calls.map(([line]) => String(line)).filter((line) => line.includes('have no ids'));
    expect(said).toEqual([expect.stringMatching(/^Trigger "orders": messages of test queue "orders" have no ids/)]);
    log.mockRestore();
  });

  it('say at the start that two triggers share the messages of one source', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn');
    await orders.kit.boot([
      orders.workflow(),
      orders.trigger(),
      orders.trigger({ name: 'others' }),
      orders.trigger({ name: 'alone', from: new TestSource({ name: 'x' }) }),
    ]);
    const said = warn.mock.calls.map(([line]) => String(line)).filter((line) => line.includes('all read'));
    expect(said).toEqual([
      expect.stringMatching(/^Triggers "orders", "others" all read test queue "orders": each message goes to one/),
    ]);
    warn.mockRestore();
  });

  it('take a source from configuration', async () => {
    await orders.boot({ from: async () => orders.source });
    expect(orders.source.subscriptions).toBe(1);
  });
});
