import { rowsOf, useStoreKit } from './kit.contract.js';
import type { Database } from './kit.contract.js';
import { WISHES, taskStates } from './wishes.contract.js';
import { FAILED, begin, openWithEngine } from './work.contract.js';

const { cancel, retry } = WISHES;

/** An ended execution that an operator lets go on: what runs again, and what stays as it ended. */
export function retriesContract(database: Database): void {
  describe('retry of an execution', () => {
    const kit = useStoreKit(database);
    const open = () => openWithEngine(kit());

    // Cloacina case 27
    it('goes on from the failed tasks with a fresh budget, and keeps what completed', async () => {
      const { store, engine } = await open();
      const id = await begin(store, { graph: { a: [], b: ['a'], c: ['b'], d: ['a'] } });
      await engine.putBack((await engine.claimAll())['a'], 'retry');
      expect(await engine.runAll((task) => (task === 'b' ? FAILED : { output: `{"${task}":1}` }))).toEqual([
        'a',
        'b',
        'd',
      ]);
      expect(await retry(store, id)).toMatchObject({ status: 'done', state: 'running' });
      expect(await rowsOf(store, 'execution')).toMatchObject([
        { open_ends: 1, failed_tasks: 0, error: null, finished_at: null },
      ]);
      const { b } = await engine.claimAll();
      expect(b).toMatchObject({ attempt: 1, rescues: 0 });
      await engine.finish(b);
      expect(await engine.runAll()).toEqual(['c']);
      expect(await rowsOf(store, 'execution')).toMatchObject([{ state: 'completed' }]);
    });

    it('of a task whose dependant has completed ends the execution with it', async () => {
      const { store, engine } = await open();
      const id = await begin(store, { graph: { a: [], b: ['a'] }, runWhen: { b: 'allDone' } });
      await engine.runAll((task) => (task === 'a' ? FAILED : {}));
      expect(await retry(store, id)).toMatchObject({ status: 'done' });
      expect(await rowsOf(store, 'execution')).toMatchObject([{ state: 'running', open_ends: 1 }]);
      expect(await engine.runAll()).toEqual(['a']);
      expect(await rowsOf(store, 'execution')).toMatchObject([{ state: 'completed', open_ends: 0 }]);
    });

    it('goes on with a cancelled execution', async () => {
      const { store, engine } = await open();
      const id = await begin(store, { graph: { a: [], b: ['a'] } });
      await cancel(store, id);
      expect(await retry(store, id)).toMatchObject({ status: 'done', state: 'running' });
      expect(await engine.runAll()).toEqual(['a', 'b']);
    });

    it('finds nothing left when the last body completed although it was cancelled', async () => {
      const { store, engine } = await open();
      const id = await begin(store);
      const { a } = await engine.claimAll();
      await cancel(store, id);
      await engine.finish(a);
      expect(await retry(store, id)).toEqual({ status: 'nothingLeft' });
      expect(await rowsOf(store, 'execution')).toMatchObject([{ state: 'cancelled' }]);
    });

    it('leaves skipped what its condition skipped, and asks again what an upstream failure skipped', async () => {
      const { store, engine } = await open();
      const id = await begin(store, {
        graph: { a: [], w: ['a'], f: ['a'], z: ['w', 'f'] },
        runWhen: { z: 'noneFailed' },
      });
      await engine.runAll((task) => (task === 'w' ? { state: 'skipped', reason: 'when' } : task === 'f' ? FAILED : {}));
      expect(await taskStates(store)).toEqual(['completed', 'skipped', 'failed', 'skipped']);
      await retry(store, id);
      expect(await engine.runAll()).toEqual(['f', 'z']);
      expect(await taskStates(store)).toEqual(['completed', 'skipped', 'completed', 'completed']);
    });

    it('of one of several executions counts on their firing', async () => {
      const { store, engine } = await open();
      const id = await begin(store, { workflows: 2 });
      await engine.runAll(() => FAILED);
      await retry(store, id);
      expect(await rowsOf(store, 'firing')).toMatchObject([{ open_executions: 1, failed_executions: 1 }]);
      await engine.runAll();
    });

    it('of a task that was cancelled before its dependency ended judges its runWhen anew', async () => {
      const { store, engine } = await open();
      const id = await begin(store, { graph: { a: [], b: ['a'], c: ['a'] }, runWhen: { b: 'anyFailed' } });
      const { a } = await engine.claimAll();
      await cancel(store, id);
      await engine.finish(a);
      await retry(store, id);
      expect(await engine.runAll()).toEqual(['c']);
      expect(await taskStates(store)).toEqual(['completed', 'skipped', 'completed']);
    });

    it('of one that was cancelled before it began lets it begin when its first task is claimed', async () => {
      const { store, engine } = await open();
      const id = await begin(store);
      await cancel(store, id);
      await retry(store, id);
      await engine.claim();
      const [row] = await rowsOf(store, 'execution');
      expect(row).toMatchObject({ state: 'running', started_at: expect.anything() });
    });
  });
}
