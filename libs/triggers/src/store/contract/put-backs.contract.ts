import { cancelExecution, pauseExecution, resumeExecution } from '../execution.repository.js';
import { registerNode } from '../node.repository.js';
import { ORPHANED_TASKS } from '../rescue.repository.js';
import { rowsOf, useStoreKit } from './kit.contract.js';
import type { Database } from './kit.contract.js';
import { FAILED, FakeEngine, begin, nodeOf } from './work.contract.js';

/** Tasks that go back to `ready`: for another attempt, because their node stops, because it died. */
export function putBacksContract(database: Database): void {
  describe('put backs', () => {
    const kit = useStoreKit(database);

    // Cloacina case 63, Cloacina case 64
    it.each([
      ['retry', { attempt: 2, rescues: 0 }],
      ['release', { attempt: 1, rescues: 0 }],
      ['rescue', { attempt: 1, rescues: 1 }],
    ] as const)('%s makes the task ready and spends what it should', async (why, spent) => {
      const store = await kit().open();
      const engine = await FakeEngine.on(store);
      await begin(store);
      const { a } = await engine.claimAll();
      expect(await engine.putBack(a, why)).toBe(true);
      expect(await rowsOf(store, 'task')).toMatchObject([
        { state: 'ready', owner: null, lease_token: null, started_at: null, ...spent },
      ]);
      expect(await engine.claim()).toMatchObject([spent]);
    });

    it('waits for the delay of a retry', async () => {
      const store = await kit().open();
      const engine = await FakeEngine.on(store);
      await begin(store);
      await engine.putBack((await engine.claimAll())['a'], 'retry', { delayMs: 2_000 });
      expect(engine.wakes.at(-1)).toBe(2_000);
      await kit().clock.advance(1_999);
      expect(await engine.claim()).toEqual([]);
      await kit().clock.advance(1);
      expect(await engine.claim()).toHaveLength(1);
    });

    // Cloacina case 25
    it('is refused for whoever does not hold the task any more', async () => {
      const store = await kit().open();
      const engine = await FakeEngine.on(store);
      await begin(store);
      const { a } = await engine.claimAll();
      await engine.putBack(a, 'release');
      expect(await engine.putBack(a, 'retry')).toBe(false);
      await engine.claim();
      expect(await engine.putBack(a, 'rescue')).toBe(false);
      expect(await rowsOf(store, 'task')).toMatchObject([{ state: 'running', attempt: 1, rescues: 0 }]);
    });

    it('counts once, whoever asks for it twice at once, and never for a claim that is gone', async () => {
      const store = await kit().open();
      const engine = await FakeEngine.on(store);
      await begin(store);
      const gone = (await engine.claimAll())['a'];
      await engine.putBack(gone, 'release');
      const { a } = await engine.claimAll();
      const answers = Promise.all([
        engine.putBack(gone, 'retry'),
        engine.putBack(a, 'release'),
        engine.putBack(gone, 'rescue'),
        engine.putBack(a, 'retry'),
      ]);
      expect(await answers).toEqual([false, true, false, false]);
      expect(await rowsOf(store, 'task')).toMatchObject([{ state: 'ready', attempt: 1, rescues: 0 }]);
    });

    it('is refused while the execution is being cancelled', async () => {
      const store = await kit().open();
      const engine = await FakeEngine.on(store);
      const id = await begin(store);
      const { a } = await engine.claimAll();
      await store.change((scope) => cancelExecution(id, scope));
      for (const why of ['retry', 'release', 'rescue'] as const) expect(await engine.putBack(a, why)).toBe(false);
      await engine.finish(a, { state: 'cancelled' });
      expect(await rowsOf(store, 'execution')).toMatchObject([{ state: 'cancelled' }]);
    });

    it('waits for the end of a pause, and keeps its attempt', async () => {
      const store = await kit().open();
      const engine = await FakeEngine.on(store);
      const id = await begin(store);
      const { a } = await engine.claimAll();
      await store.change(() => pauseExecution(id));
      await engine.putBack(a, 'retry');
      expect(await rowsOf(store, 'task')).toMatchObject([{ state: 'blocked', held_by: 'pause' }]);
      expect(await engine.claim()).toEqual([]);
      await store.change((scope) => resumeExecution(id, scope));
      expect(await engine.claim()).toMatchObject([{ attempt: 2 }]);
    });

    // Cloacina case 53, Cloacina case 54, Cloacina case 55, Cloacina case 65
    it('finds the running tasks of dead nodes, and only those', async () => {
      const store = await kit().open();
      const dying = await FakeEngine.on(store, 30_000);
      const mine = await begin(store);
      await dying.claim();
      const living = await FakeEngine.on(store);
      await begin(store);
      await living.claim();
      const orphans = async (): Promise<unknown[]> =>
        (await store.read(ORPHANED_TASKS, [[living.nodeId]])).map((row) => row['execution_id']);
      await kit().clock.advance(29_999);
      expect(await orphans()).toEqual([]);
      await kit().clock.advance(1);
      expect(await orphans()).toEqual([mine]);
      expect(await store.read(ORPHANED_TASKS, [[dying.nodeId]])).toEqual([]);
      const { id, name, leaseMs, workflows } = { id: dying.nodeId, name: 'back', leaseMs: 30_000, workflows: [] };
      await store.change(() => registerNode(nodeOf({ id, name, leaseMs, workflows })));
      expect(await orphans()).toEqual([]);
    });

    // Cloacina case 56, Cloacina case 59, Cloacina case 44
    it('finds every running task of a dead node, and none that has ended', async () => {
      const store = await kit().open();
      const dying = await FakeEngine.on(store, 30_000);
      await begin(store, { graph: { done: [], broken: [], one: [], two: [], three: [] } });
      const { done, broken, ...others } = await dying.claimAll();
      await Promise.all([dying.finish(done), dying.finish(broken, FAILED)]);
      const living = await FakeEngine.on(store);
      await kit().clock.advance(30_000);
      const orphans = await store.read(ORPHANED_TASKS, [[living.nodeId]]);
      expect(orphans.map((row) => row['task']).sort()).toEqual(['one', 'three', 'two']);
      expect(await living.putBack(done, 'rescue')).toBe(false);
      const ended = (await rowsOf(store, 'task', 'ordinal')).slice(0, 2);
      expect(ended).toMatchObject([
        { state: 'completed', rescues: 0 },
        { state: 'failed', rescues: 0 },
      ]);
      for (const task of Object.values(others)) expect(await living.putBack(task, 'rescue')).toBe(true);
    });
  });
}
