import type { LetterKey } from '../commits/firing.draft.js';
import type { Store } from '../store.service.js';
import { declareTriggers } from '../trigger.repository.js';
import { draftOf, wish } from './drafts.contract.js';
import type { DraftGiven } from './drafts.contract.js';
import { rowsOf, useStoreKit } from './kit.contract.js';
import type { Database } from './kit.contract.js';
import { FAILED, begin, fire, openWithEngine } from './work.contract.js';

const DAY_MS = 86_400_000;

function keyOf(label: string): LetterKey {
  const { space, key } = wish(label);
  return { space, key, label };
}

const broken = (
  label: string | null,
  given: { payload?: string; state?: 'dead' | 'rejected'; windowMs?: number } = {},
) => ({
  state: given.state ?? ('rejected' as const),
  context: null,
  reason: 'no amount',
  letter: {
    key: label === null ? null : keyOf(label),
    windowMs: given.windowMs ?? null,
    label,
    payload: given.payload ?? '{"a":1}',
    origin: '{"size":7}',
  },
});

/** Dead letters: kept with what came, counted by their keys, closed by what makes up for them. */
export function lettersContract(database: Database): void {
  describe('dead letters', () => {
    const kit = useStoreKit(database);
    const letters = async (store: Store) =>
      (await rowsOf(store, 'firing', 'id')).filter(({ state }) => state === 'rejected' || state === 'dead');

    it('keeps what came, where it came from and why it was refused', async () => {
      const store = await kit().open();
      await fire(store, broken('evt_1'));
      expect(await letters(store)).toMatchObject([
        {
          state: 'rejected',
          reason: 'no amount',
          context: null,
          payload: '{"a":1}',
          origin: '{"size":7}',
          dedup_label: 'evt_1',
          closed_at: null,
        },
      ]);
      expect(await rowsOf(store, 'dedup')).toEqual([]);
    });

    it('follow their trigger to its new name while they are open', async () => {
      const store = await kit().open();
      const declare = (name: string, aliases: readonly string[]): Promise<void> =>
        store.change(() => declareTriggers([{ name, kind: 'webhook', aliases }]));
      await declare('inbox', []);
      for (const label of ['evt_1', 'evt_2', null]) await fire(store, broken(label));
      await fire(store, { closes: [keyOf('evt_2')] });
      await declare('post', ['inbox']);
      const names = async () => (await letters(store)).map((row) => [row['trigger'], row['dedup_space']]);
      expect(await names()).toEqual([
        ['post', 'post'],
        ['inbox', 'inbox'],
        ['post', null],
      ]);
      const mended = draftOf({ trigger: 'post', closes: [{ ...keyOf('evt_1'), space: 'post' }] });
      await fire(store, mended);
      expect((await letters(store)).map((row) => row['closed_by'])).toEqual([
        mended.id,
        expect.any(String) as unknown,
        null,
      ]);
    });

    it('stay where they are where the new name has an open one of that key already', async () => {
      const store = await kit().open();
      const { letter, ...given } = broken('evt_1');
      const [former, latter] = [wish('evt_1'), wish('evt_1', { space: 'post' })];
      await store.change(() => declareTriggers([{ name: 'inbox', kind: 'webhook', aliases: [] }]));
      await fire(store, { ...given, state: 'dead', letter, dedup: { ...former, scope: 'ever' } });
      await fire(store, { ...given, trigger: 'post', letter: { ...letter, key: { ...latter } } });
      await store.change(() => declareTriggers([{ name: 'post', kind: 'webhook', aliases: ['inbox'] }]));
      expect((await letters(store)).map((row) => [row['trigger'], row['dedup_space']])).toEqual([
        ['inbox', 'inbox'],
        ['post', 'post'],
      ]);
    });

    it('answers a repeat of an open one as its duplicate', async () => {
      const store = await kit().open();
      const first = draftOf(broken('evt_1'));
      await fire(store, first);
      expect(await fire(store, broken('evt_1'))).toMatchObject({
        status: 'duplicate',
        of: 'letter',
        firingId: first.id,
        state: 'rejected',
      });
      expect(await letters(store)).toHaveLength(1);
    });

    it('keeps one of five with one key that come at once, also from two processes', async () => {
      const stores = [await kit().open(), database === ':memory:' ? (kit().stores[0] as Store) : await kit().open()];
      const verdicts = await Promise.all([0, 1, 0, 1, 0].map((at) => fire(stores[at] as Store, broken('evt_1'))));
      expect(verdicts.filter(({ status }) => status === 'stored')).toHaveLength(1);
      expect(await letters(stores[0] as Store)).toHaveLength(1);
    });

    it('keeps each of those without a key', async () => {
      const store = await kit().open();
      await Promise.all([1, 2, 3].map(() => fire(store, broken(null))));
      expect(await letters(store)).toHaveLength(3);
    });

    it('tells an event by its key for as long as the key is one event, and keeps the later ones apart', async () => {
      const store = await kit().open();
      const hashed = () => fire(store, broken('evt_1', { windowMs: DAY_MS }));
      await hashed();
      await kit().clock.advance(DAY_MS - 1);
      expect(await hashed()).toMatchObject({ status: 'duplicate', of: 'letter' });
      await kit().clock.advance(1);
      expect((await Promise.all([hashed(), hashed()])).map(({ status }) => status).sort()).toEqual([
        'duplicate',
        'stored',
      ]);
      const accepted = draftOf({ closes: [keyOf('evt_1')] });
      await fire(store, accepted);
      expect(await letters(store)).toMatchObject([
        { dedup_label: 'evt_1', closed_at: null },
        { dedup_label: 'evt_1', closed_by: accepted.id },
      ]);
    });

    it('are not closed by a later event that has their key', async () => {
      const store = await kit().open();
      await fire(store, broken('evt_1', { windowMs: DAY_MS }));
      await kit().clock.advance(DAY_MS);
      await fire(store, { closes: [keyOf('evt_1')] });
      expect(await letters(store)).toMatchObject([{ closed_at: null }]);
    });

    it('closes them when their key is accepted, and opens a new one after that', async () => {
      const store = await kit().open();
      await fire(store, broken('evt_1'));
      await fire(store, broken('evt_2'));
      const accepted = draftOf({ closes: [keyOf('evt_1')] });
      await fire(store, accepted);
      expect(await letters(store)).toMatchObject([
        { dedup_label: 'evt_1', closed_by: accepted.id, closed_at: expect.anything() as unknown },
        { dedup_label: 'evt_2', closed_by: null, closed_at: null },
      ]);
      expect(await fire(store, broken('evt_1'))).toMatchObject({ status: 'stored', state: 'rejected' });
    });

    it('closes those of its own group', async () => {
      const store = await kit().open();
      await Promise.all([fire(store, broken('evt_1')), fire(store, { closes: [keyOf('evt_1')] })]);
      expect(await letters(store)).toMatchObject([{ closed_at: expect.anything() as unknown }]);
    });

    it('are not closed by what is a duplicate', async () => {
      const store = await kit().open();
      await begin(store, { dedup: wish('k') });
      await fire(store, broken('evt_1'));
      expect(await fire(store, { dedup: wish('k'), closes: [keyOf('evt_1')] })).toMatchObject({ status: 'duplicate' });
      expect(await letters(store)).toMatchObject([{ closed_at: null }]);
    });

    it.each<[string, DraftGiven]>([
      ['runs', { dedup: wish('evt_1') }],
      ['was fired within its window', { dedup: wish('evt_1', { scope: 'window', windowMs: DAY_MS }) }],
      ['is held', { dedup: wish('evt_1'), gate: { declaredEnabled: false, whenDisabled: 'hold' } }],
    ])('are none of what %s', async (_what, given) => {
      const store = await kit().open();
      const accepted = draftOf(given);
      await fire(store, accepted);
      const keys = await rowsOf(store, 'dedup');
      expect(await fire(store, broken('evt_1'))).toMatchObject({ status: 'duplicate', firingId: accepted.id });
      expect(await letters(store)).toEqual([]);
      expect(await rowsOf(store, 'dedup')).toEqual(keys);
    });

    it('leave what is known of the failures of their key', async () => {
      const { store, engine } = await openWithEngine(kit());
      const failAgain = async () => {
        await begin(store, { dedup: wish('evt_1') });
        await engine.finish((await engine.claimAll())['a'], FAILED);
        return rowsOf(store, 'dedup');
      };
      expect(await failAgain()).toMatchObject([{ failures: 1 }]);
      await kit().clock.advance(60_001);
      expect(await fire(store, broken('evt_1'))).toMatchObject({ status: 'stored', state: 'rejected' });
      expect(await failAgain()).toMatchObject([{ failures: 2 }]);
    });

    it('are kept of an event whose window is over, and take no key', async () => {
      const store = await kit().open();
      await fire(store, { dedup: wish('evt_1', { scope: 'window', windowMs: DAY_MS }) });
      await kit().clock.advance(DAY_MS + 1);
      expect(await fire(store, broken('evt_1'))).toMatchObject({ status: 'stored', state: 'rejected' });
      expect(await fire(store, { dedup: wish('evt_1') })).toMatchObject({ status: 'stored', state: 'accepted' });
    });

    it.each(['key', 'delivery'])(
      'are open of no event whose %s is accepted at the same time, by this process or another',
      async (known) => {
        const stores = [await kit().open(), database === ':memory:' ? (kit().stores[0] as Store) : await kit().open()];
        for (let round = 0; round < 20; round += 1) {
          const label = `evt_${round}`;
          const window = wish(label, { scope: 'window', windowMs: DAY_MS });
          const [one, other] = stores as [Store, Store];
          const keys = known === 'key' ? { dedup: window } : { dedup: wish(`own ${label}`), delivery: window };
          const accept = () => fire(one, { ...keys, closes: [keyOf(label)] });
          const refuse = () => fire(other, broken(label));
          await Promise.all(round % 2 === 0 ? [accept(), refuse()] : [refuse(), accept()]);
        }
        expect((await letters(stores[0] as Store)).filter((row) => row['closed_at'] === null)).toEqual([]);
      },
    );

    it('hold the window that a repeat has taken', async () => {
      const store = await kit().open();
      const window = wish('evt_1', { scope: 'window', windowMs: DAY_MS });
      const first = draftOf({ ...broken('evt_1', { state: 'dead' }), dedup: window });
      await fire(store, first);
      await kit().clock.advance(2 * DAY_MS);
      const repeat = await fire(store, { ...broken('evt_1', { state: 'dead' }), dedup: window });
      expect(repeat).toMatchObject({ status: 'duplicate', of: 'letter' });
      expect(await rowsOf(store, 'dedup')).toMatchObject([{ firing_id: first.id }]);
      expect(await fire(store, { dedup: window })).toMatchObject({ status: 'duplicate', firingId: first.id });
    });
  });
}
