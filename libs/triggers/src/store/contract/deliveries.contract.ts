import { DELIVERY } from '../commits/delivery.commit.js';
import type { FiringDraft, FiringVerdict } from '../commits/firing.draft.js';
import type { Store } from '../store.service.js';
import { draftOf, wish } from './drafts.contract.js';
import type { DraftGiven } from './drafts.contract.js';
import { rowsOf, useStoreKit } from './kit.contract.js';
import type { Database } from './kit.contract.js';
import { fire } from './work.contract.js';

const MINUTE_MS = 60_000;
const rate = (limit: number, onLimit: 'refuse' | 'skip' = 'refuse'): FiringDraft['rate'] => ({
  space: 'inbox',
  limit,
  perMs: MINUTE_MS,
  onLimit,
});
const window = (label: string) => wish(label, { scope: 'window', windowMs: 60 * MINUTE_MS });
const BROKEN: DraftGiven = {
  state: 'rejected',
  context: null,
  letter: { key: null, windowMs: null, label: null, payload: '{}', origin: null },
};

/** A repeat of the delivery `evt_1` that nobody could judge. */
const brokenAgain = { ...BROKEN, letter: { ...BROKEN.letter, key: { ...window('evt_1') } } as FiringDraft['letter'] };

/** Deliveries: what came together is stored together, or not at all. */
export function deliveriesContract(database: Database): void {
  describe('deliveries', () => {
    const kit = useStoreKit(database);
    const deliver = (store: Store, ...given: DraftGiven[]): Promise<readonly FiringVerdict[]> =>
      store.commits.submit(
        DELIVERY,
        given.map((one) => draftOf(one)),
      );
    const states = async (store: Store): Promise<unknown[]> =>
      (await rowsOf(store, 'firing', 'id')).map(({ state }) => state);

    it('are judged item by item', async () => {
      const store = await kit().open();
      const verdicts = await deliver(
        store,
        { dedup: window('a') },
        BROKEN,
        { dedup: window('a') },
        { state: 'filtered' },
      );
      expect(verdicts.map((verdict) => (verdict.status === 'stored' ? verdict.state : verdict.status))).toEqual([
        'accepted',
        'rejected',
        'duplicate',
        'filtered',
      ]);
    });

    it('are limited whole, leave one record and no key, and are taken whole when they come again', async () => {
      const store = await kit().open();
      const item = (label: string): DraftGiven => ({ dedup: window(label), rate: rate(3) });
      await deliver(store, item('a'), item('b'));
      const again = () => deliver(store, item('c'), BROKEN, item('d'));
      expect(await again()).toEqual(Array(3).fill({ status: 'limited', retryAfterMs: 20_000 }));
      expect(await states(store)).toEqual(['accepted', 'accepted', 'limited']);
      expect(await rowsOf(store, 'dedup')).toHaveLength(2);
      await kit().clock.advance(20_000);
      expect(await again()).toMatchObject([{ state: 'accepted' }, { state: 'rejected' }, { state: 'accepted' }]);
    });

    it('that are larger than the limit need all of it, and the rest starts later', async () => {
      const store = await kit().open();
      const four = () => deliver(store, ...Array.from({ length: 4 }, () => ({ rate: rate(2) })));
      expect((await four()).map((verdict) => verdict.status === 'stored' && verdict.delayedMs)).toEqual([
        0, 0, 30_000, 60_000,
      ]);
      expect(await four()).toEqual(Array(4).fill({ status: 'limited', retryAfterMs: 2 * MINUTE_MS }));
      await kit().clock.advance(2 * MINUTE_MS);
      expect(await four()).toMatchObject([{ delayedMs: 0 }, { delayedMs: 0 }, {}, {}]);
    });

    it('are limited item by item where what is too much is dropped, and each leaves a record', async () => {
      const store = await kit().open();
      const four = () => deliver(store, ...Array.from({ length: 4 }, () => ({ rate: rate(2, 'skip') })));
      expect((await four()).map(({ status }) => status)).toEqual(['stored', 'stored', 'limited', 'limited']);
      expect((await states(store)).sort()).toEqual(['accepted', 'accepted', 'limited', 'limited']);
      await kit().clock.advance(30_000);
      expect((await four()).map(({ status }) => status)).toEqual(['stored', 'limited', 'limited', 'limited']);
    });

    it('spend no token for what is a duplicate', async () => {
      const store = await kit().open();
      const item = (label: string): DraftGiven => ({ dedup: window(label), rate: rate(2) });
      await deliver(store, item('a'));
      expect(await deliver(store, item('a'), item('b'))).toMatchObject([
        { status: 'duplicate' },
        { state: 'accepted' },
      ]);
    });

    it('are refused whole by a trigger that is disabled', async () => {
      const store = await kit().open();
      const gate = { declaredEnabled: false, whenDisabled: 'refuse' } as const;
      const verdicts = await deliver(store, { gate, dedup: window('a') }, BROKEN);
      expect(verdicts).toEqual(Array(2).fill({ status: 'refused', because: 'disabled' }));
      expect([...(await states(store)), ...(await rowsOf(store, 'dedup'))]).toEqual([]);
    });

    it('of several keys are remembered, so that their repeat in another form is no dead letter while they are one event', async () => {
      const store = await kit().open();
      const [first] = await deliver(
        store,
        { dedup: wish('a'), delivery: window('evt_1') },
        { dedup: wish('b'), delivery: window('evt_1') },
      );
      const { firingId } = first as { firingId?: string };
      expect(await rowsOf(store, 'dedup')).toHaveLength(3);
      expect(await fire(store, brokenAgain)).toMatchObject({ status: 'duplicate', of: 'dedup', firingId });
      expect(await deliver(store, { dedup: wish('c'), delivery: window('evt_1') })).toMatchObject([
        { state: 'accepted' },
      ]);
      await kit().clock.advance(60 * MINUTE_MS + 1);
      expect(await fire(store, brokenAgain)).toMatchObject({ status: 'stored', state: 'rejected' });
    });

    it('that are limited are not remembered', async () => {
      const store = await kit().open();
      await deliver(store, { rate: rate(1) });
      const limited = { rate: rate(1), dedup: wish('a'), delivery: window('evt_1') };
      expect(await deliver(store, limited)).toMatchObject([{ status: 'limited' }]);
      expect(await rowsOf(store, 'dedup')).toEqual([]);
      expect(await fire(store, brokenAgain)).toMatchObject({ status: 'stored', state: 'rejected' });
    });

    it('are one when they come at once, also to two processes', async () => {
      const one = await kit().open();
      const other = database === ':memory:' ? one : await kit().open();
      const items = ['a', 'b', 'c'].map((label) => ({ dedup: window(label), rate: rate(3) }));
      const verdicts = await Promise.all([one, other, one, other].map((store) => deliver(store, ...items)));
      const stored = verdicts.filter((own) => own.every(({ status }) => status === 'stored'));
      expect(stored).toHaveLength(1);
      expect(verdicts.flat().filter(({ status }) => status === 'duplicate')).toHaveLength(9);
    });
  });
}
