import type { FiringDraft } from '../commits/firing.draft.js';
import { declareTriggers } from '../trigger.repository.js';
import type { Store } from '../store.service.js';
import { wish } from './drafts.contract.js';
import { rowsOf, useStoreKit } from './kit.contract.js';
import type { Database } from './kit.contract.js';
import { FakeEngine, fire } from './work.contract.js';

const rate = (onLimit: 'delay' | 'skip' | 'refuse', limit = 2): FiringDraft['rate'] => ({
  space: 'inbox',
  limit,
  perMs: 60_000,
  onLimit,
});

/** Rate limits: decided in the commit, after duplicates. */
export function ratesContract(database: Database): void {
  describe('rate limits', () => {
    const kit = useStoreKit(database);
    const open = async (): Promise<Store> => {
      const store = await kit().open();
      await store.change(() => declareTriggers([{ name: 'inbox', kind: 'poll', aliases: [] }]));
      return store;
    };

    it('delays what nobody could send again, one token after the other', async () => {
      const store = await open();
      const verdicts = [];
      for (let fired = 0; fired < 4; fired += 1) verdicts.push(await fire(store, { rate: rate('delay') }));
      expect(verdicts.map((verdict) => verdict.status === 'stored' && verdict.delayedMs)).toEqual([
        0, 0, 30_000, 60_000,
      ]);
    });

    it('delays within one group as well', async () => {
      const store = await open();
      const verdicts = await Promise.all([1, 2, 3].map(() => fire(store, { rate: rate('delay', 1) })));
      expect(verdicts.map((verdict) => verdict.status === 'stored' && verdict.delayedMs)).toEqual([0, 60_000, 120_000]);
      const engine = await FakeEngine.on(store);
      expect(await engine.claim()).toHaveLength(1);
      await kit().clock.advance(60_000);
      expect(await engine.claim()).toHaveLength(1);
    });

    it.each(['refuse', 'skip'] as const)(
      'leaves a limited row and no key with "%s", and takes the repeat later',
      async (onLimit) => {
        const store = await open();
        await fire(store, { rate: rate(onLimit, 1) });
        const limited = { rate: rate(onLimit, 1), dedup: wish('evt_1', { scope: 'window', windowMs: 600_000 }) };
        expect(await fire(store, limited)).toEqual({ status: 'limited', retryAfterMs: 60_000 });
        const rows = await rowsOf(store, 'firing', 'id');
        expect(rows.map((row) => [row['state'], row['executions']])).toEqual([
          ['accepted', expect.anything()],
          ['limited', '[]'],
        ]);
        expect(await rowsOf(store, 'dedup')).toEqual([]);
        await kit().clock.advance(60_000);
        expect((await fire(store, limited)).status).toBe('stored');
      },
    );

    it('spends no token on a duplicate', async () => {
      const store = await open();
      const given = { rate: rate('refuse'), dedup: wish('k') };
      await fire(store, given);
      for (let repeat = 0; repeat < 5; repeat += 1) expect((await fire(store, given)).status).toBe('duplicate');
      expect((await fire(store, { rate: rate('refuse') })).status).toBe('stored');
      expect((await fire(store, { rate: rate('refuse') })).status).toBe('limited');
    });

    it('spends no token on what it refused', async () => {
      const store = await open();
      await fire(store, { rate: rate('refuse', 1) });
      for (let repeat = 0; repeat < 3; repeat += 1)
        expect((await fire(store, { rate: rate('refuse', 1) })).status).toBe('limited');
      await kit().clock.advance(60_000);
      expect((await fire(store, { rate: rate('refuse', 1) })).status).toBe('stored');
    });

    it('never answers a repeat in one group as a duplicate of a firing that it limited', async () => {
      const store = await open();
      await fire(store, { rate: rate('refuse', 1) });
      const given = { rate: rate('refuse', 1), dedup: wish('evt_1') };
      const verdicts = await Promise.all([fire(store, given), fire(store, given)]);
      expect(verdicts.map(({ status }) => status)).toEqual(['limited', 'limited']);
    });
  });
}
