import { firstIdAt, newId } from '../../model/ids.js';
import type { NodeId } from '../../model/ids.js';
import { FIRST_KEY, pruneFirings, pruneKeys, pruneNodes, pruneTicks } from '../prune.repository.js';
import { registerNode } from '../node.repository.js';
import type { Store } from '../store.service.js';
import { wish } from './drafts.contract.js';
import { rowsOf, useStoreKit } from './kit.contract.js';
import type { Database } from './kit.contract.js';
import { FAILED, FakeEngine, begin, fire, nodeOf } from './work.contract.js';

const LATER = 'z';
const MINUTE_MS = 60_000;

/** Pruning: history goes after its time, and what promises rest on stays. */
export function pruningContract(database: Database): void {
  describe('pruning', () => {
    const kit = useStoreKit(database);
    const prune = (
      store: Store,
      given: Partial<Parameters<typeof pruneFirings>[0]> = {},
    ): Promise<{ deleted: number; last: string | null }> =>
      store.change(() =>
        pruneFirings({ completedBefore: LATER, failedBefore: LATER, after: '', limit: 100, ...given }),
      );

    it('deletes a firing with its executions and tasks', async () => {
      const store = await kit().open();
      const engine = await FakeEngine.on(store);
      await begin(store, { workflows: 2, graph: { a: [], b: ['a'] } });
      await engine.runAll();
      expect(await prune(store)).toEqual({ deleted: 1, last: null });
      for (const table of ['firing', 'execution', 'task']) expect(await rowsOf(store, table)).toEqual([]);
    });

    it('keeps what has not ended, and all of a firing of which something has not', async () => {
      const store = await kit().open();
      const engine = await FakeEngine.on(store);
      await begin(store, { workflows: 2 });
      const [one] = await engine.claim();
      await engine.finish(one);
      await begin(store);
      expect(await prune(store)).toMatchObject({ deleted: 0 });
      expect(await rowsOf(store, 'execution')).toHaveLength(3);
    });

    it('keeps what failed, died, was rejected or held longer than what completed', async () => {
      const store = await kit().open();
      const engine = await FakeEngine.on(store);
      await begin(store);
      await engine.runAll();
      await begin(store);
      await engine.runAll(() => FAILED);
      for (const state of ['dead', 'rejected', 'held', 'filtered'] as const) await fire(store, { state });
      expect(await prune(store, { failedBefore: '' })).toMatchObject({ deleted: 2 });
      const kept = (await rowsOf(store, 'firing', 'id')).map((row) => row['state']);
      expect(kept).toEqual(['accepted', 'dead', 'rejected', 'held']);
      expect(await prune(store)).toMatchObject({ deleted: 4 });
    });

    it('keeps what is younger', async () => {
      const store = await kit().open();
      const engine = await FakeEngine.on(store);
      await begin(store);
      await engine.runAll();
      const hourAgo = firstIdAt(Date.now() - 3_600_000);
      expect(await prune(store, { completedBefore: hourAgo, failedBefore: hourAgo })).toMatchObject({ deleted: 0 });
    });

    it('goes through batch by batch, over what it keeps', async () => {
      const store = await kit().open();
      const engine = await FakeEngine.on(store);
      await begin(store, { graph: { kept: [] } });
      for (let fired = 0; fired < 5; fired += 1) await begin(store, { priority: 1 });
      await engine.claim(5).then((tasks) => Promise.all(tasks.map((task) => engine.finish(task))));
      let [deleted, after, batches] = [0, '', 0];
      for (let last: string | null = ''; last !== null; batches += 1) {
        const pruned = await prune(store, { limit: 2, after });
        deleted += pruned.deleted;
        after = last = pruned.last as string;
      }
      expect({ deleted, batches }).toEqual({ deleted: 5, batches: 4 });
      expect(await rowsOf(store, 'task')).toMatchObject([{ task: 'kept' }]);
    });

    it('deletes keys after their window, and never a key of running work or one for ever', async () => {
      const store = await kit().open();
      const engine = await FakeEngine.on(store);
      await fire(store, { dedup: wish('window', { scope: 'window', windowMs: MINUTE_MS }) });
      await fire(store, { dedup: wish('ever', { scope: 'ever' }) });
      await engine.runAll();
      await begin(store, { dedup: wish('running') });
      kit().clock.set(new Date(kit().clock.now() + 400 * 86_400_000));
      expect(await pruneAllKeys(store)).toBe(1);
      expect(await rowsOf(store, 'dedup')).toHaveLength(2);
    });

    it('keeps a cool-down for a day after it is over, because its count still matters', async () => {
      const store = await kit().open();
      const engine = await FakeEngine.on(store);
      await begin(store, { dedup: wish('file') });
      await engine.runAll(() => FAILED);
      await kit().clock.advance(2 * MINUTE_MS);
      expect(await pruneAllKeys(store)).toBe(0);
      await kit().clock.advance(86_400_000);
      expect(await pruneAllKeys(store)).toBe(1);
    });

    it('forgets nodes that have been dead for a day', async () => {
      const store = await kit().open();
      const node = { id: newId<NodeId>(), name: 'gone', leaseMs: 30_000, workflows: [] };
      await store.change(() => registerNode(nodeOf(node)));
      await kit().clock.advance(86_400_000);
      await store.change(() => pruneNodes());
      expect(await rowsOf(store, 'node')).toHaveLength(1);
      await kit().clock.advance(31_000);
      await store.change(() => pruneNodes());
      expect(await rowsOf(store, 'node')).toEqual([]);
    });

    it('goes through the keys page by page', async () => {
      const store = await kit().open();
      for (const at of [1, 2, 3, 4, 5]) {
        await fire(store, {
          dedup: wish(`k${at}`, { scope: 'window', windowMs: at === 3 ? 10 * MINUTE_MS : MINUTE_MS }),
        });
      }
      await kit().clock.advance(2 * MINUTE_MS);
      expect(await pruneAllKeys(store, 2)).toBe(4);
      expect(await rowsOf(store, 'dedup')).toHaveLength(1);
    });

    it('deletes no ticks when there are none', async () => {
      const store = await kit().open();
      expect(await store.change(() => pruneTicks(LATER, 0, 10))).toBe(0);
    });
  });
}

async function pruneAllKeys(store: Store, limit = 100): Promise<number> {
  let deleted = 0;
  for (let after: typeof FIRST_KEY | null = FIRST_KEY; after !== null;) {
    const from: typeof FIRST_KEY = after;
    const page = await store.change(() => pruneKeys(from, limit));
    deleted += page.deleted;
    after = page.next;
  }
  return deleted;
}
