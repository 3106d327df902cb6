import { createHash, randomUUID } from 'node:crypto';
import { countFailure, forgetFailures } from '../delivery.repository.js';
import type { Store } from '../store.service.js';
import { declareTriggers, forgetTrigger } from '../trigger.repository.js';
import { rowsOf, useStoreKit } from './kit.contract.js';
import type { Database } from './kit.contract.js';

/** Deliveries of messages that have failed. */
export function failuresContract(database: Database): void {
  describe('failures of messages', () => {
    const kit = useStoreKit(database);
    let store: Store;
    beforeEach(async () => {
      store = await kit().open();
    });
    const keyOf = (message: string): Buffer => createHash('sha256').update(message).digest().subarray(0, 16);
    const fail = (trigger: string, message: string, delivery: string = randomUUID()): Promise<number> =>
      store.change(() => countFailure({ trigger, key: keyOf(message), message, delivery, reason: 'bad' }));
    const declare = (name: string, ...aliases: string[]): Promise<void> =>
      store.change(() => declareTriggers([{ name, kind: 'message', aliases }]));
    const counts = async (): Promise<unknown[][]> =>
      (await rowsOf(store, 'delivery', 'trigger, message')).map((row) => [row['trigger'], row['message'], row['failures']]); // prettier-ignore

    it('are counted for each message, and a commit that is repeated counts once', async () => {
      expect([await fail('orders', 'a'), await fail('orders', 'a', 'd'), await fail('orders', 'a', 'd')]).toEqual([1, 2, 2]); // prettier-ignore
      expect([await fail('orders', 'b'), await fail('others', 'a')]).toEqual([1, 1]);
      await store.change(() => forgetFailures({ trigger: 'orders', key: keyOf('a') }));
      expect(await fail('orders', 'a')).toBe(1);
    });

    it('follow their trigger to its new name', async () => {
      await declare('orders');
      await declare('others');
      for (const [trigger, message] of [['orders', 'a'], ['orders', 'a'], ['orders', 'b'], ['others', 'a']] as const) await fail(trigger, message); // prettier-ignore
      await declare('sales', 'orders');
      expect(await counts()).toEqual([
        ['others', 'a', 1],
        ['sales', 'a', 2],
        ['sales', 'b', 1],
      ]);
      expect(await fail('sales', 'a')).toBe(3);
    });

    it('stay where they are where the new name counts that message already', async () => {
      await declare('orders');
      for (const trigger of ['orders', 'orders', 'sales']) await fail(trigger, 'a');
      await fail('orders', 'b');
      await declare('sales', 'orders');
      expect(await counts()).toEqual([
        ['orders', 'a', 2],
        ['sales', 'a', 1],
        ['sales', 'b', 1],
      ]);
    });

    it('go with their trigger', async () => {
      await declare('orders');
      await fail('orders', 'a');
      await fail('others', 'a');
      await store.change(() => forgetTrigger('orders'));
      expect(await counts()).toEqual([['others', 'a', 1]]);
    });
  });
}
