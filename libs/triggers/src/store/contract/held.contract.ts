import { newId } from '../../model/ids.js';
import type { FiringId } from '../../model/ids.js';
import { MAX_HELD } from '../commits/switch.statements.js';
import type { FiringDraft, Gate } from '../commits/firing.draft.js';
import { HELD_BATCH, MAX_HELD_MS, expireHeld, findReleasable, readHeld, releaseHeld } from '../held.repository.js';
import { declareTriggers, setTriggerEnabled } from '../trigger.repository.js';
import type { Store } from '../store.service.js';
import { draftOf, wish } from './drafts.contract.js';
import type { DraftGiven } from './drafts.contract.js';
import { rowsOf, useStoreKit } from './kit.contract.js';
import type { Database } from './kit.contract.js';
import { FAILED, FakeEngine, begin, fire } from './work.contract.js';

const OFF: Gate = { declaredEnabled: false, whenDisabled: 'hold' };
const ON: Gate = { declaredEnabled: true, whenDisabled: 'hold' };
const REFUSES: Gate = { declaredEnabled: false, whenDisabled: 'refuse' };

/** What could not be judged, under a key. */
function letterOf(label: string, windowMs: number | null = null): DraftGiven {
  const letter = { key: wish(label), windowMs, label, payload: '{}', origin: null };
  return { state: 'rejected', context: null, reason: 'no amount', letter };
}

/** Of each letter by its label, what has closed it. */
async function closers(store: Store): Promise<Record<string, unknown>> {
  const letters = (await rowsOf(store, 'firing', 'id')).filter(
    (row) => row['dedup_label'] !== null && row['payload'] !== null,
  );
  return Object.fromEntries(letters.map((row) => [row['dedup_label'] as string, row['closed_by']]));
}

/** Held firings: what came while a trigger was disabled waits, with its key, and starts in order. */
export function heldContract(database: Database): void {
  describe('held firings', () => {
    const kit = useStoreKit(database);
    const open = async (): Promise<Store> => {
      const store = await kit().open();
      await store.change(() => declareTriggers([{ name: 'inbox', kind: 'webhook', aliases: [] }]));
      return store;
    };
    const states = async (store: Store): Promise<unknown[]> =>
      (await rowsOf(store, 'firing', 'id')).map(({ state }) => state);
    const release = async (store: Store, given: DraftGiven = {}, enabled = true): Promise<readonly FiringId[]> => {
      const held = await store.look(() => readHeld('inbox'));
      const drafts = held.map(({ id, hold, delivery }) => ({ draft: { ...draftOf(given), id }, hold, delivery }));
      return store.change((scope) => releaseHeld(drafts, enabled, scope));
    };

    it('wait, and start nothing', async () => {
      const store = await open();
      expect(await fire(store, { gate: OFF })).toMatchObject({ status: 'stored', state: 'held', executionIds: [] });
      expect(await rowsOf(store, 'execution')).toEqual([]);
      expect(await rowsOf(store, 'firing')).toMatchObject([{ context: '{"n":1}', reason: 'trigger is disabled' }]);
    });

    it.each([
      [true, OFF, 'accepted'],
      [false, ON, 'held'],
      [null, ON, 'accepted'],
      [null, OFF, 'held'],
    ])('obey the operator (%s) before the code', async (override, gate, state) => {
      const store = await open();
      await store.change(() => setTriggerEnabled('inbox', override, true));
      expect(await fire(store, { gate })).toMatchObject({ state });
    });

    it('let nothing overtake them: what comes before their release is held behind them', async () => {
      const store = await open();
      await fire(store, { gate: OFF });
      expect(await fire(store, { gate: ON })).toMatchObject({ state: 'held' });
      expect(await fire(store, { gate: { ...ON, whenDisabled: 'refuse' } })).toMatchObject({ state: 'accepted' });
      expect((await rowsOf(store, 'firing', 'id')).map(({ reason }) => reason)).toEqual([
        'trigger is disabled',
        'waits behind what was held before',
        null,
      ]);
      expect(await release(store)).toHaveLength(2);
      expect(await fire(store, { gate: ON })).toMatchObject({ state: 'accepted' });
    });

    it('are left out where the trigger refuses: no row, no key', async () => {
      const store = await open();
      const verdict = await fire(store, { gate: REFUSES, dedup: wish('k') });
      expect(verdict).toEqual({ status: 'refused', because: 'disabled' });
      expect([...(await states(store)), ...(await rowsOf(store, 'dedup'))]).toEqual([]);
    });

    it('go to the new name of their trigger, with their keys', async () => {
      const store = await open();
      const dedup = wish('k');
      const first = draftOf({ gate: OFF, dedup });
      await fire(store, first);
      await fire(store, { gate: ON });
      await store.change(() => declareTriggers([{ name: 'post', kind: 'webhook', aliases: ['inbox'] }]));
      expect((await store.look(() => readHeld('inbox'))).length).toBe(0);
      expect((await store.look(() => readHeld('post'))).map(({ hold }) => hold?.space)).toEqual(['post', undefined]);
      expect(await fire(store, { trigger: 'post', gate: OFF, dedup: { ...dedup, space: 'post' } })).toMatchObject({
        status: 'duplicate',
        firingId: first.id,
      });
    });

    it('keep their keys', async () => {
      const store = await open();
      const dedup = wish('k');
      const first = draftOf({ gate: OFF, dedup });
      await fire(store, first);
      expect(await fire(store, { gate: OFF, dedup })).toMatchObject({
        status: 'duplicate',
        firingId: first.id,
        state: 'held',
      });
    });

    it(`are refused beyond ${MAX_HELD.toLocaleString('en')} of a trigger`, async () => {
      const store = await open();
      for (let at = 0; at < MAX_HELD - 1; at += 1_000) {
        const size = Math.min(1_000, MAX_HELD - 1 - at);
        await Promise.all(Array.from({ length: size }, () => fire(store, { gate: OFF, context: '{}' })));
      }
      const last = await Promise.all([1, 2, 3].map(() => fire(store, { gate: OFF })));
      expect(last.map(({ status }) => status).sort()).toEqual(['refused', 'refused', 'stored']);
      expect(last).toContainEqual({ status: 'refused', because: 'tooManyHeld' });
      expect(await fire(store, { gate: OFF, trigger: 'other' })).toMatchObject({ state: 'held' });
    }, 60_000);

    it('can be released of triggers that are enabled and hold something', async () => {
      const store = await open();
      await store.change(() => declareTriggers([{ name: 'other', kind: 'webhook', aliases: [] }]));
      await fire(store, { gate: OFF });
      const found = (enabled: boolean): Promise<readonly string[]> =>
        store.look(() =>
          findReleasable([
            { name: 'inbox', enabled },
            { name: 'other', enabled },
          ]),
        );
      expect(await found(false)).toEqual([]);
      expect(await found(true)).toEqual(['inbox']);
    });

    it('are released in the order of their arrival, a hundred at a time', async () => {
      const store = await open();
      const drafts = Array.from({ length: HELD_BATCH + 5 }, () => draftOf({ gate: OFF }));
      for (const draft of drafts) await fire(store, draft);
      expect([...(await release(store))].sort()).toEqual(drafts.slice(0, HELD_BATCH).map(({ id }) => id));
      expect(await release(store)).toHaveLength(5);
      expect(await release(store)).toEqual([]);
      const engine = await FakeEngine.on(store);
      expect((await engine.claim(200)).map(({ facts }) => facts.firingId)).toEqual(drafts.map(({ id }) => id));
    });

    it('stay when somebody switched off again', async () => {
      const store = await open();
      await fire(store, { gate: OFF });
      await store.change(() => setTriggerEnabled('inbox', false, true));
      expect(await release(store)).toEqual([]);
      expect(await states(store)).toEqual(['held']);
    });

    it('are released once by two processes', async () => {
      const store = await open();
      const other = database === ':memory:' ? store : await kit().open();
      for (let fired = 0; fired < 20; fired += 1) await fire(store, { gate: OFF });
      const released = (await Promise.all([release(store), release(other)])).flat();
      expect(new Set(released).size).toBe(20);
      expect(released).toHaveLength(20);
      expect(await rowsOf(store, 'execution')).toHaveLength(20);
    });

    it('become dead letters when they do not fit any more, and give their key back', async () => {
      const store = await open();
      await fire(store, { gate: OFF, dedup: wish('k') });
      await release(store, { state: 'rejected', reason: 'no amount' });
      expect(await rowsOf(store, 'firing')).toMatchObject([{ state: 'rejected', reason: 'no amount' }]);
      expect(await rowsOf(store, 'dedup')).toEqual([]);
    });

    it('leave what is known of the failures of their key when they do not fit any more', async () => {
      const store = await open();
      const engine = await FakeEngine.on(store);
      const failAgain = async () => {
        await begin(store, { dedup: wish('k') });
        await engine.runAll(() => FAILED);
        await kit().clock.advance(60_000);
        return rowsOf(store, 'dedup');
      };
      expect(await failAgain()).toMatchObject([{ failures: 1 }]);
      await fire(store, { gate: OFF, dedup: wish('k') });
      await release(store, { state: 'rejected', reason: 'no amount' });
      expect(await failAgain()).toMatchObject([{ failures: 2 }]);
    });

    it('close the dead letters of their delivery when they are released, as of their own key, and not before', async () => {
      const store = await open();
      for (const label of ['evt_1', 'evt_1#0', 'evt_2']) await fire(store, letterOf(label));
      const [own, delivery] = [wish('evt_1#0'), wish('evt_1')];
      const held = draftOf({ gate: OFF, dedup: own, closes: [own, delivery] });
      await fire(store, held);
      expect(await closers(store)).toEqual({ evt_1: null, 'evt_1#0': null, evt_2: null });
      await release(store, { closes: [own] });
      expect(await closers(store)).toEqual({ evt_1: held.id, 'evt_1#0': held.id, evt_2: null });
    });

    it.each(['rejected', 'filtered'] as const)(
      'close nothing when they are %s, and give back what they have taken',
      async (state) => {
        const store = await open();
        const [own, delivery] = [wish('evt_1#0'), wish('evt_1', { scope: 'window', windowMs: 60_000 })];
        await fire(store, { gate: OFF, dedup: own, delivery, closes: [own, delivery] });
        await fire(store, letterOf('evt_2'));
        await release(store, { state, reason: 'no amount', closes: [] });
        expect(await rowsOf(store, 'dedup')).toEqual([]);
        expect(await closers(store)).toMatchObject({ evt_2: null });
      },
    );

    it('close the letters of the events that they came with, however long they were held, and none of a later one', async () => {
      const store = await open();
      await fire(store, letterOf('evt_1', 60_000));
      await kit().clock.advance(59_999);
      const held = draftOf({ gate: OFF, closes: [wish('evt_1'), wish('evt_2')] });
      await fire(store, held);
      await kit().clock.advance(3_600_000);
      await fire(store, letterOf('evt_2', 60_000));
      await release(store, { closes: [wish('evt_1'), wish('evt_2')] });
      expect(await closers(store)).toEqual({ evt_1: held.id, evt_2: null });
    });

    it('go to the new name of their trigger with the key of their delivery', async () => {
      const store = await open();
      const delivery = wish('evt_1');
      await fire(store, letterOf('evt_1'));
      const held = draftOf({ gate: OFF, dedup: wish('own'), closes: [wish('own'), delivery] });
      await fire(store, held);
      await store.change(() => declareTriggers([{ name: 'post', kind: 'webhook', aliases: ['inbox'] }]));
      const judged = (await store.look(() => readHeld('post'))).map((one) => ({
        ...one,
        draft: { ...draftOf({ trigger: 'post' }), id: one.id },
      }));
      await store.change((scope) => releaseHeld(judged, true, scope));
      expect(await closers(store)).toEqual({ evt_1: held.id });
    });

    it('obey the rate limit when they are released', async () => {
      const store = await open();
      const rate: FiringDraft['rate'] = { space: 'inbox', limit: 1, perMs: 60_000, onLimit: 'delay' };
      await fire(store, { gate: OFF });
      await fire(store, { gate: OFF });
      await release(store, { rate });
      const engine = await FakeEngine.on(store);
      expect(await engine.claim()).toHaveLength(1);
      await kit().clock.advance(60_000);
      expect(await engine.claim()).toHaveLength(1);
      await engine.runAll();
      kit().leavesOrphans = true;
    });

    it('are buried after seven days', async () => {
      const store = await open();
      await fire(store, { gate: OFF, dedup: wish('old') });
      await kit().clock.advance(MAX_HELD_MS);
      await fire(store, { gate: OFF, dedup: wish('new'), id: newId<FiringId>() });
      await kit().clock.advance(1);
      expect(await store.change(() => expireHeld())).toBe(1);
      expect(await rowsOf(store, 'firing', 'created_at')).toMatchObject([
        { state: 'dead', reason: 'held for 7 days' },
        { state: 'held' },
      ]);
      expect(await rowsOf(store, 'dedup')).toHaveLength(1);
      expect(await store.change(() => expireHeld())).toBe(0);
    });
  });
}
