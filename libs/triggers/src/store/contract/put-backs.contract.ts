import { cancelExecution, pauseExecution, resumeExecution } from '../execution.repository.js';
import { registerNode } from '../node.repository.js';
import { ORPHANED_TASKS } from '../rescue.repository.js';
import { rowsOf, useStoreKit } from './kit.contract.js';
import type { Database, StoreKit } from './kit.contract.js';
import { raced } from './racing.contract.js';
import { FAILED, FakeEngine, begin, nodeOf } from './work.contract.js';

/** What two processes do to the tasks of a third one, each by connections of its own. */
function twoNodes(kit: () => StoreKit): void {
  const twelve = Object.fromEntries(Array.from({ length: 12 }, (_, at) => [`t${at}`, []]));

  // Cloacina case 51, Cloacina case 56, Cloacina case 65
  it('finds the same tasks of a dead node from two others, and each is put back by one of them', async () => {
    const [first, second] = [await kit().open(), await kit().open()];
    const dying = await FakeEngine.on(first, 30_000);
    await begin(first, { graph: twelve });
    const claimed = Object.values(await dying.claimAll());
    const nodes = [await FakeEngine.on(first), await FakeEngine.on(second)] as const;
    const seen = ({ store, nodeId }: FakeEngine): Promise<number> =>
      store.read(ORPHANED_TASKS, [[nodeId]]).then(({ length }) => length);
    expect([await seen(nodes[0]), await seen(nodes[1])]).toEqual([0, 0]);
    await kit().clock.advance(30_000);
    expect([await seen(nodes[0]), await seen(nodes[1])]).toEqual([12, 12]);
    const rescues = claimed.flatMap((task) => nodes.map((node) => node.putBack(task, 'rescue')));
    const answers = await raced(kit().clock, Promise.all(rescues));
    expect(answers.filter(Boolean)).toHaveLength(12);
    expect(await rowsOf(first, 'task')).toMatchObject(claimed.map(() => ({ state: 'ready', owner: null, rescues: 1 })));
    expect([await seen(nodes[0]), await seen(nodes[1])]).toEqual([0, 0]);
  });

  // Cloacina case 59, Cloacina case 62
  it('is done or rescued, never both, when a node that is too late ends what another one takes from it', async () => {
    const [first, second] = [await kit().open(), await kit().open()];
    const late = await FakeEngine.on(first, 30_000);
    await begin(first, { graph: twelve });
    const claimed = Object.values(await late.claimAll());
    const other = await FakeEngine.on(second);
    await kit().clock.advance(30_000);
    const race = claimed.map(async (task, at) => {
      const ending = at % 2 === 0 ? late.finish(task) : undefined;
      const rescuing = other.putBack(task, 'rescue');
      const [{ written }, rescued] = await Promise.all([ending ?? late.finish(task), rescuing]);
      return { written, rescued };
    });
    const answers = await raced(kit().clock, Promise.all(race));
    const rows = await rowsOf(first, 'task', 'ordinal');
    answers.forEach(({ written, rescued }, at) => {
      expect(written).toBe(!rescued);
      expect(rows[at]).toMatchObject(written ? { state: 'completed', rescues: 0 } : { state: 'ready', rescues: 1 });
    });
    for (const task of await other.claim()) await other.finish(task);
  });

  // Cloacina case 63, Cloacina case 64
  it('gives what one node released to another one', async () => {
    const [first, second] = [await kit().open(), await kit().open()];
    const leaving = await FakeEngine.on(first);
    await begin(first);
    const { a } = await leaving.claimAll();
    const other = await FakeEngine.on(second);
    expect(await other.claim()).toEqual([]);
    await leaving.putBack(a, 'release');
    expect(await other.claim()).toMatchObject([{ task: 'a', attempt: 1, rescues: 0 }]);
    expect(await leaving.finish(a)).toMatchObject({ written: false });
    expect(await rowsOf(first, 'task')).toMatchObject([{ state: 'running', owner: other.nodeId }]);
  });
}

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

    if (database === 'postgres') twoNodes(kit);

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
