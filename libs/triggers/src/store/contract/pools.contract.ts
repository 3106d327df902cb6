import type { ExecutionId } from '../../model/ids.js';
import { newId } from '../../model/ids.js';
import type { NodeId } from '../../model/ids.js';
import { registerNode } from '../node.repository.js';
import { countReady, moveToPools, readUnservedPools, readWaiting } from '../pool.repository.js';
import type { Store } from '../store.service.js';
import { rowsOf, useStoreKit } from './kit.contract.js';
import type { Database } from './kit.contract.js';
import { FakeEngine, begin, nodeOf } from './work.contract.js';

/** A task in each of these pools, without a path between them. */
const ofPools = (...pools: string[]) => ({
  graph: Object.fromEntries(pools.map((_, at) => [`t${at}`, []])),
  pools: Object.fromEntries(pools.map((pool, at) => [`t${at}`, pool])),
});

/** Pools: what is claimed for whom, and who serves nothing. */
export function poolsContract(database: Database): void {
  describe('pools', () => {
    const kit = useStoreKit(database);
    const open = async (...pools: string[]): Promise<{ store: Store; engine: FakeEngine }> => {
      const store = await kit().open();
      const engine = await FakeEngine.on(store);
      engine.pools = pools;
      return { store, engine };
    };
    const waiting = async (store: Store): Promise<unknown[]> =>
      (await rowsOf(store, 'task', 'ordinal')).filter((row) => row['state'] === 'ready').map((row) => row['pool']);

    it('are claimed from pool after pool until the slots are used, of each the most urgent first', async () => {
      const { store, engine } = await open('b', 'a');
      await begin(store, { ...ofPools('a', 'a', 'b', 'c') });
      const urgent = await begin(store, { ...ofPools('a'), priority: 9 });
      const claimed = await engine.claim(2);
      expect(claimed.map(({ facts, task }) => [facts.executionId === urgent, task])).toEqual([
        [true, 't0'],
        [false, 't2'],
      ]);
      expect((await engine.claim(9)).map(({ task }) => task)).toEqual(['t0', 't1']);
      expect(await waiting(store)).toEqual(['c']);
    });

    it('hold the loner of a pool that the node serves, and of no other', async () => {
      const { store, engine } = await open('a');
      await begin(store, ofPools('a', 'b'));
      engine.pools = ['a', 'b'];
      for (const _rescue of [1, 2]) for (const task of await engine.claim()) await engine.putBack(task, 'rescue');
      engine.pools = ['b'];
      expect((await engine.claim(9, true)).map(({ task }) => task)).toEqual(['t1']);
      expect(await engine.claim(9, true)).toEqual([]);
    });

    it('let a commit claim what it readies only where the node serves its pool', async () => {
      const { store, engine } = await open('a');
      engine.slots = 9;
      await begin(store, ofPools('a', 'b'));
      expect(engine.started.map(({ task }) => task)).toEqual(['t0']);
      expect(await waiting(store)).toEqual(['b']);
    });

    it.each([
      ['served here: claimed there', ['a', 'moved'], 'running'],
      ['not served here: ready there', ['a'], 'ready'],
    ])('of a dependant are those of the code that readies it, %s', async (_what, pools, state) => {
      const { store, engine } = await open(...pools);
      engine.slots = 9;
      engine.moved.set('b', 'moved');
      await begin(store, { graph: { a: [], b: ['a'] }, pools: { a: 'a', b: 'old' } });
      expect(await rowsOf(store, 'task', 'ordinal')).toMatchObject([{ pool: 'a' }, { pool: 'old', state: 'blocked' }]);
      await engine.finish(engine.started[0]);
      expect((await rowsOf(store, 'task', 'ordinal'))[1]).toMatchObject({ pool: 'moved', state });
    });

    it('of a dependant stay where the code does not know the task', async () => {
      const { store, engine } = await open('a');
      const id = await begin(store, { graph: { a: [], b: ['a'] }, pools: { a: 'a', b: 'old' } });
      const { a } = await engine.claimAll();
      engine.declared.length = 0;
      await engine.finish(a);
      expect((await rowsOf(store, 'task', 'ordinal'))[1]).toMatchObject({
        execution_id: id,
        pool: 'old',
        state: 'ready',
      });
    });

    it.each(['retry', 'release', 'rescue'] as const)(
      'of a task that goes back by %s are the given one, or the same',
      async (why) => {
        const { store, engine } = await open('a');
        await begin(store, ofPools('a'));
        await engine.putBack((await engine.claimAll())['t0'], why);
        expect(await waiting(store)).toEqual(['a']);
        const [again] = await engine.claim(1, false);
        await engine.putBack(again, why, { pool: 'b' });
        expect(await waiting(store)).toEqual(['b']);
      },
    );

    it('are unserved where tasks are ready and no living node serves them', async () => {
      const { store } = await open('a');
      const unserved = async (): Promise<readonly string[]> => (await store.look(() => readUnservedPools())).unserved;
      expect(await unserved()).toEqual([]);
      await begin(store, ofPools('c', 'a', 'default', 'b', 'b'));
      expect(await unserved()).toEqual(['a', 'b', 'c']);
      const other = nodeOf({ id: newId<NodeId>(), name: 'other', leaseMs: 5_000, pools: ['b', 'a'] });
      await store.change(() => registerNode(other));
      expect(await unserved()).toEqual(['c']);
      await kit().clock.advance(5_000);
      expect(await unserved()).toEqual(['a', 'b', 'c']);
      const counts = ['b', 'a', 'x'].map((pool) => store.look(() => countReady(pool, 10)));
      expect(await Promise.all(counts)).toEqual([2, 1, 0]);
      expect(await store.look(() => countReady('b', 1))).toBe(1);
    });

    it('give tasks to another one that are still ready in theirs', async () => {
      const { store, engine } = await open('a', 'b');
      const id = await begin(store, ofPools('a', 'a', 'b'));
      const rows = await store.look(() => readWaiting('a', 0, 10));
      expect(rows.map((row) => [row['execution_id'], row['task'], row['workflow'], row['workflow_hash']])).toEqual([
        [id, 't0', 'w1', 'h1'],
        [id, 't1', 'w1', 'h1'],
      ]);
      expect(await store.look(() => readWaiting('a', 1, 10))).toHaveLength(1);
      engine.pools = ['b'];
      await engine.claim();
      const move = (task: string, executionId: ExecutionId = id) => ({ executionId, task, from: 'a', to: 'c' });
      const moving = [move('t2'), move('t0'), move('t0', newId<ExecutionId>())];
      expect(await store.change(() => moveToPools(moving))).toBe(1);
      expect(await waiting(store)).toEqual(['c', 'a']);
    });
  });
}
