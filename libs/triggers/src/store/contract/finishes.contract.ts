import { newId } from '../../model/ids.js';
import type { LeaseToken } from '../../model/ids.js';
import { FINISH } from '../commits/finish.commit.js';
import type { Graph } from './drafts.contract.js';
import { rowsOf, useStoreKit } from './kit.contract.js';
import type { Database } from './kit.contract.js';
import { FAILED, FakeEngine, begin, finishOf } from './work.contract.js';

const DIAMOND: Graph = { a: [], b: ['a'], c: ['a'], d: ['b', 'c'] };

/** Results are written once, and whoever brings a counter to zero goes on. */
export function finishesContract(database: Database): void {
  describe('finishes', () => {
    const kit = useStoreKit(database);

    it('writes a result once: the second of one token, in the same group or later, is refused', async () => {
      const store = await kit().open();
      const engine = await FakeEngine.on(store);
      await begin(store, { graph: { a: [], b: [] } });
      const { a } = await engine.claimAll();
      const together = await Promise.all([
        engine.finish(a, { output: '{"first":1}' }),
        engine.finish(a, { state: 'failed' }),
      ]);
      expect(together.map(({ written }) => written)).toEqual([true, false]);
      expect(await engine.finish(a)).toEqual({ written: false, end: null, skipped: [] });
      expect((await rowsOf(store, 'task', 'task'))[0]).toMatchObject({ state: 'completed', output: '{"first":1}' });
    });

    it('refuses a result whose token is not the one of the row, beside the one that is', async () => {
      const store = await kit().open();
      const engine = await FakeEngine.on(store);
      await begin(store);
      const { a } = await engine.claimAll();
      const stale = finishOf(a, { output: '{"stale":true}' });
      const [late, right] = await Promise.all([
        store.commits.submit(FINISH, { ...stale, claimed: { ...stale.claimed, token: newId<LeaseToken>() } }),
        engine.finish(a),
      ]);
      expect([late.written, right.written]).toEqual([false, true]);
      expect(await rowsOf(store, 'task')).toMatchObject([{ state: 'completed', output: null }]);
    });

    it('refuses a result that comes after the task was rescued', async () => {
      const store = await kit().open();
      const engine = await FakeEngine.on(store);
      await begin(store);
      const { a } = await engine.claimAll();
      expect(await engine.putBack(a, 'rescue')).toBe(true);
      expect((await engine.finish(a)).written).toBe(false);
      const again = await engine.claimAll();
      expect((await engine.finish(a)).written).toBe(false);
      expect((await engine.finish(again['a'])).written).toBe(true);
    });

    it('gives a dependant to the engine in the finishing commit, with the outputs of its ancestors in order', async () => {
      const store = await kit().open();
      const engine = await FakeEngine.on(store);
      await begin(store, { graph: { a: [], b: ['a'], c: ['b'] }, context: '{"in":0}' });
      const { a } = await engine.claimAll();
      engine.slots = 1;
      await engine.finish(a, { output: '{"from":"a"}' });
      const b = engine.started.at(-1);
      expect(b).toMatchObject({ task: 'b', facts: { input: '{"in":0}' } });
      expect([...(b?.outputs ?? [])]).toEqual([['a', '{"from":"a"}']]);
      engine.slots = 1;
      await engine.finish(b);
      expect([...(engine.started.at(-1)?.outputs ?? [])]).toEqual([
        ['a', '{"from":"a"}'],
        ['b', null],
      ]);
      await engine.finish(engine.started.at(-1));
    });

    it('reads the outputs that this node does not know', async () => {
      const store = await kit().open();
      const engine = await FakeEngine.on(store);
      await begin(store, { graph: DIAMOND });
      const { a } = await engine.claimAll();
      await engine.finish(a, { output: '{"a":1}' });
      const { b, c } = await engine.claimAll();
      await engine.finish(b, { output: '{"b":1}' });
      engine.slots = 1;
      await engine.finish(c, { output: '{"c":1}' });
      const d = engine.started.at(-1);
      expect(d?.task).toBe('d');
      expect(new Map(d?.outputs)).toEqual(
        new Map([
          ['a', '{"a":1}'],
          ['b', '{"b":1}'],
          ['c', '{"c":1}'],
        ]),
      );
      await engine.finish(d);
    });

    // Cloacina case 21
    it('tells the end of an execution once when its last tasks finish in one group', async () => {
      const store = await kit().open();
      const engine = await FakeEngine.on(store);
      await begin(store, { graph: { a: [], b: [], c: [] } });
      const outcomes = await Promise.all((await engine.claim()).map((task) => engine.finish(task)));
      expect(outcomes.map(({ end }) => end?.state ?? null)).toEqual([null, null, 'completed']);
      expect(await rowsOf(store, 'execution')).toMatchObject([{ state: 'completed', finished_at: expect.anything() }]);
    });

    it('tells what was skipped once when several parents fail in one group', async () => {
      const store = await kit().open();
      const engine = await FakeEngine.on(store);
      await begin(store, { graph: { a: [], b: [], c: ['a', 'b'] } });
      const outcomes = await Promise.all((await engine.claim()).map((task) => engine.finish(task, FAILED)));
      expect(outcomes.flatMap(({ skipped }) => skipped)).toEqual([{ task: 'c', reason: 'upstream_failed' }]);
    });

    if (database !== ':memory:') {
      // Review 4
      it('readies the join when two nodes finish its two sides at one instant', async () => {
        const [one, two] = [await kit().open(), await kit().open()];
        const engines = [await FakeEngine.on(one), await FakeEngine.on(two)] as const;
        const rounds = Array.from({ length: 15 }, () => begin(one, { graph: DIAMOND }));
        await Promise.all(rounds);
        await Promise.all((await engines[0].claim()).map((task) => engines[0].finish(task)));
        const sides = await engines[0].claim();
        expect(sides).toHaveLength(30);
        const finishing = sides.map(({ task }, at) => engines[task === 'b' ? 0 : 1].finish(sides[at]));
        await kit().clock.advance(1_000);
        expect((await Promise.all(finishing)).every(({ written }) => written)).toBe(true);
        const joins = await engines[0].claim();
        expect(joins.map(({ task }) => task)).toEqual(Array.from({ length: 15 }, () => 'd'));
        await Promise.all(joins.map((task) => engines[0].finish(task)));
        const executions = await rowsOf(one, 'execution');
        expect(new Set(executions.map((row) => row['state']))).toEqual(new Set(['completed']));
      });

      // Review 4
      it('ends an execution once when two nodes finish its last two tasks at one instant', async () => {
        const [one, two] = [await kit().open(), await kit().open()];
        const engines = [await FakeEngine.on(one), await FakeEngine.on(two)] as const;
        await Promise.all(Array.from({ length: 15 }, () => begin(one, { graph: { a: [], b: [] } })));
        const tasks = await engines[0].claim();
        const finishing = tasks.map((task) => engines[task.task === 'a' ? 0 : 1].finish(task));
        await kit().clock.advance(1_000);
        const ends = (await Promise.all(finishing)).filter(({ end }) => end !== null);
        expect(ends).toHaveLength(15);
      });
    }

    it('names the first task that failed as the error of the execution', async () => {
      const store = await kit().open();
      const engine = await FakeEngine.on(store);
      await begin(store, { graph: { a: [], b: [] } });
      const { a, b } = await engine.claimAll();
      await engine.finish(b, { ...FAILED, error: { name: 'TypeError', message: 'first', code: 'E1' } });
      const { end } = await engine.finish(a, { ...FAILED, error: { name: 'Error', message: 'second' } });
      expect(end).toMatchObject({
        state: 'failed',
        error: { task: 'b', name: 'TypeError', message: 'first', code: 'E1' },
      });
    });

    it('marks the callbacks that are due, of task and workflow, with the node that tells them', async () => {
      const store = await kit().open();
      const engine = await FakeEngine.on(store);
      await begin(store);
      const { a } = await engine.claimAll();
      const { end } = await engine.finish(a, {
        callback: 'onSuccess',
        workflowCallbacks: { onSuccess: true, onFailure: false },
      });
      expect(end).toMatchObject({ state: 'completed', callback: 'onSuccess' });
      const due = { callback: 'onSuccess', callback_state: 'pending', callback_owner: engine.nodeId };
      expect(await rowsOf(store, 'task')).toMatchObject([due]);
      expect(await rowsOf(store, 'execution')).toMatchObject([due]);
    });

    it('gives a fan-out to the engine in the order of its tasks, in passing and claimed later', async () => {
      const store = await kit().open();
      const engine = await FakeEngine.on(store);
      const names = Array.from({ length: 12 }, (_, at) => `t${at}`);
      const graph = Object.fromEntries([['a', []], ...names.map((name) => [name, ['a']])]) as Graph;
      await begin(store, { graph });
      await begin(store, { graph });
      const [one, two] = await engine.claim();
      engine.slots = 50;
      await engine.finish(one);
      engine.slots = 0;
      await engine.finish(two);
      await engine.claim();
      const fanned = engine.started.slice(2);
      expect(fanned.map(({ task }) => task)).toEqual([...names, ...names]);
      await Promise.all(fanned.map((task) => engine.finish(task)));
    });

    it('leaves a dependant ready, and says so, when there is no slot', async () => {
      const store = await kit().open();
      const engine = await FakeEngine.on(store);
      await begin(store, { graph: { a: [], b: ['a'] } });
      const { a } = await engine.claimAll();
      engine.wakes.length = 0;
      await engine.finish(a);
      expect(engine.wakes).toEqual([0]);
      expect(await engine.claim()).toMatchObject([{ task: 'b' }]);
    });
  });
}
