import fc from 'fast-check';
import { TriggersService } from '../../admin/triggers.service.js';
import { DATABASES } from '../../engine/engine.contract.js';
import { PROPERTY_TIMEOUT_MS, runs } from '../../testing/properties.contract.js';
import { OrdersKit, takeAway } from './orders-kit.contract.js';

interface Delivery {
  readonly id: number;
  readonly then: 'nothing' | 'redeliver' | 'away' | 'back' | 'stop';
}

const DELIVERY: fc.Arbitrary<Delivery> = fc.record({
  id: fc.integer({ min: 0, max: 9 }),
  then: fc.constantFrom('nothing', 'nothing', 'redeliver', 'away', 'back', 'stop'),
});

/** Messages with an odd id are bad. */
async function walk(orders: OrdersKit, deliveries: readonly Delivery[]): Promise<void> {
  orders.map = ({ id, body }) => {
    if (Number(id) % 2 === 1) throw new Error('bad');
    return body;
  };
  const node = await orders.boot({ prefetch: 4, deliveries: 3 });
  let comeBack = (): void => undefined;
  for (const { id, then } of deliveries) {
    orders.source.send(String(id), { id });
    await orders.kit.clock.settle();
    if (then === 'redeliver') orders.source.redeliver();
    if (then === 'back') comeBack();
    if (then === 'away') {
      comeBack();
      comeBack = takeAway(node);
    }
    if (then === 'stop') {
      comeBack();
      const stopping = node.get(TriggersService).stop();
      await orders.kit.clock.advance(25_000);
      await stopping;
      await node.get(TriggersService).start();
    }
    await orders.kit.clock.settle();
  }
  comeBack();
  for (let times = 0; times < 4; times += 1) {
    await orders.kit.clock.advance(12_000);
    orders.source.redeliver();
  }
  await orders.kit.clock.advance(12_000);
  const ids = [...new Set(deliveries.map(({ id }) => id))].sort();
  const rows = await node.rows('firing');
  const keysOf = (state: string) =>
    rows.filter((row) => row['state'] === state).map((row) => Number(row['dedup_label']));
  expect(keysOf('accepted').sort()).toEqual(ids.filter((id) => id % 2 === 0));
  expect(keysOf('rejected').sort()).toEqual(ids.filter((id) => id % 2 === 1));
  expect(orders.source.sent.every(({ settlements }) => settlements.at(-1)?.settle === 'ack')).toBe(true);
  expect(orders.source.mostInHand).toBeLessThanOrEqual(4);
}

describe.each(DATABASES)('message triggers, whatever happens, on %s', (database) => {
  it(
    'start each good message once and bury each bad one, whatever is delivered again and however often the database is away',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(DELIVERY, { minLength: 1, maxLength: 25 }), async (deliveries) => {
          const own = new OrdersKit();
          await own.begin(database);
          try {
            await walk(own, deliveries);
          } finally {
            await own.kit.close();
          }
        }),
        runs(database === 'sqlite' ? 20 : 6),
      );
    },
    PROPERTY_TIMEOUT_MS,
  );
});
