import type { FiringVerdict } from '../commits/firing.draft.js';
import { pruneFirings } from '../prune.repository.js';
import { draftOf, wish } from './drafts.contract.js';
import { rowsOf, useStoreKit } from './kit.contract.js';
import type { Database } from './kit.contract.js';
import { FakeEngine, FAILED, begin, fire } from './work.contract.js';

const DAY_MS = 86_400_000;
const statuses = (verdicts: readonly FiringVerdict[]): string[] => verdicts.map(({ status }) => status);

/** Exactly once: of any number of racers with one key one is stored. */
export function firingsContract(database: Database): void {
  describe('firings', () => {
    const kit = useStoreKit(database);

    it('keeps one firing when a hundred racers over two stores fire one key', async () => {
      const one = await kit().open();
      const stores = database === ':memory:' ? [one, one] : [one, await kit().open()];
      const racing = Array.from({ length: 100 }, (_, at) => fire(stores[at % 2] ?? one, { dedup: wish('file.csv') }));
      await kit().clock.advance(1_000);
      const verdicts = await Promise.all(racing);
      const [stored, ...others] = verdicts.filter((verdict) => verdict.status === 'stored');
      expect(others).toEqual([]);
      const duplicates = verdicts.filter((verdict) => verdict.status === 'duplicate');
      expect(duplicates).toHaveLength(99);
      for (const { firingId, executionIds, state } of duplicates) {
        expect({ firingId, executionIds, state }).toEqual({
          firingId: stored?.firingId,
          executionIds: stored?.executionIds,
          state: 'accepted',
        });
      }
      expect(await rowsOf(one, 'execution')).toHaveLength(1);
    });

    // Cloacina T-12
    it('lets two triggers fire one key', async () => {
      const store = await kit().open();
      const verdicts = await Promise.all([
        fire(store, { trigger: 'a', dedup: wish('k', { space: 'a' }) }),
        fire(store, { trigger: 'b', dedup: wish('k', { space: 'b' }) }),
      ]);
      expect(statuses(verdicts)).toEqual(['stored', 'stored']);
    });

    it('lets everything through that has no key', async () => {
      const store = await kit().open();
      expect(statuses(await Promise.all([fire(store), fire(store)]))).toEqual(['stored', 'stored']);
    });

    it('refuses a key for its window from the first fire, however the work ends, and takes it afterwards', async () => {
      const store = await kit().open();
      const engine = await FakeEngine.on(store);
      const windowed = { dedup: wish('evt_1', { scope: 'window', windowMs: 7 * DAY_MS }) } as const;
      const first = await fire(store, windowed);
      await engine.runAll();
      await kit().clock.advance(7 * DAY_MS - 1);
      expect(await fire(store, windowed)).toMatchObject({
        status: 'duplicate',
        firingId: (first as { firingId: string }).firingId,
      });
      await kit().clock.advance(1);
      expect((await fire(store, windowed)).status).toBe('stored');
      expect((await fire(store, windowed)).status).toBe('duplicate');
    });

    it('refuses a key for ever', async () => {
      const store = await kit().open();
      const engine = await FakeEngine.on(store);
      const ever = { dedup: wish('file:1', { scope: 'ever' }) } as const;
      await fire(store, ever);
      await engine.runAll();
      kit().clock.set('2056-01-01T00:00:00Z');
      expect((await fire(store, ever)).status).toBe('duplicate');
    });

    it('answers a duplicate of a pruned firing with its id and the state "pruned"', async () => {
      const store = await kit().open();
      const engine = await FakeEngine.on(store);
      const ever = { dedup: wish('file:1', { scope: 'ever' }) } as const;
      const first = await fire(store, ever);
      await engine.runAll();
      const all = { completedBefore: 'z', failedBefore: 'z', after: '', limit: 10 };
      expect(await store.change(() => pruneFirings(all))).toMatchObject({ deleted: 1 });
      expect(await fire(store, ever)).toEqual({
        status: 'duplicate',
        of: 'dedup',
        firingId: (first as { firingId: string }).firingId,
        state: 'pruned',
        executionIds: [],
        coolingDownUntil: null,
      });
    });

    it('answers a repeated draft with a key as stored', async () => {
      const store = await kit().open();
      const draft = draftOf({ dedup: wish('again') });
      const first = await fire(store, draft);
      expect(first.status).toBe('stored');
      expect(await fire(store, draft)).toEqual(first);
      expect(await fire(store, { dedup: wish('again') })).toMatchObject({ status: 'duplicate', firingId: draft.id });
    });

    it('judges equal keys of one group by the first, whatever their order by id', async () => {
      const store = await kit().open();
      const drafts = [
        draftOf({ dedup: wish('k') }),
        draftOf({ dedup: wish('k') }),
        draftOf({ dedup: wish('k') }),
      ].reverse();
      const verdicts = await Promise.all(drafts.map((draft) => fire(store, draft)));
      expect(verdicts.map((verdict) => [verdict.status, (verdict as { firingId: string }).firingId])).toEqual([
        ['stored', drafts[0]?.id],
        ['duplicate', drafts[0]?.id],
        ['duplicate', drafts[0]?.id],
      ]);
    });

    it('stores what the pipe refused, without executions', async () => {
      const store = await kit().open();
      for (const state of ['rejected', 'filtered', 'dead'] as const) {
        expect(await fire(store, { state, reason: 'because' })).toMatchObject({
          status: 'stored',
          state,
          executionIds: [],
        });
      }
      expect((await rowsOf(store, 'firing', 'id')).map((row) => [row['state'], row['reason']])).toEqual([
        ['rejected', 'because'],
        ['filtered', 'because'],
        ['dead', 'because'],
      ]);
    });

    it('starts nothing before its delay', async () => {
      const store = await kit().open();
      const engine = await FakeEngine.on(store);
      engine.slots = 1;
      await fire(store, { runAfterMs: 5_000 });
      expect(engine.started).toEqual([]);
      await kit().clock.advance(4_999);
      expect(await engine.claim()).toEqual([]);
      await kit().clock.advance(1);
      expect(await engine.claim()).toHaveLength(1);
    });

    // Cloacina case 68
    it('hands root tasks to the engine in the commit, as far as it has slots', async () => {
      const store = await kit().open();
      const engine = await FakeEngine.on(store);
      engine.slots = 1;
      const id = await begin(store, { graph: { a: [], b: [] }, context: '{"file":"x"}' });
      expect(engine.started).toMatchObject([
        { task: 'a', attempt: 1, facts: { executionId: id, input: '{"file":"x"}', siblings: 1 } },
      ]);
      expect(engine.slots).toBe(0);
      expect((await rowsOf(store, 'task', 'ordinal')).map((row) => row['state'])).toEqual(['running', 'ready']);
      expect(engine.wakes).toEqual([0]);
    });

    it('counts the sender idempotency key beside the dedup key and frees it when the other one decides', async () => {
      const store = await kit().open();
      const idempotency = wish('req-1', { space: 'idempotency', scope: 'window', windowMs: DAY_MS });
      await fire(store, { dedup: wish('file') });
      expect(await fire(store, { dedup: wish('file'), idempotency })).toMatchObject({
        status: 'duplicate',
        of: 'dedup',
      });
      expect((await fire(store, { dedup: wish('other'), idempotency })).status).toBe('stored');
      expect(await fire(store, { dedup: wish('third'), idempotency })).toMatchObject({
        status: 'duplicate',
        of: 'idempotency',
      });
      expect((await fire(store, { dedup: wish('third') })).status).toBe('stored');
    });

    it('keeps no key of a firing that failed on its first commit', async () => {
      const store = await kit().open();
      const engine = await FakeEngine.on(store);
      await begin(store, { dedup: wish('k', { cooldown: false }) });
      await engine.runAll(() => FAILED);
      expect((await fire(store, { dedup: wish('k') })).status).toBe('stored');
    });
  });
}
