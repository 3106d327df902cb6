import type { ExecutionId } from '../../model/ids.js';
import { newId } from '../../model/ids.js';
import { CLAIM_TASKS } from '../commits/claim.commit.js';
import { failExecution } from '../fail-execution.js';
import type { Store } from '../store.service.js';
import { rowsOf, useStoreKit } from './kit.contract.js';
import type { Database } from './kit.contract.js';
import { WISHES, taskStates } from './wishes.contract.js';
import { FAILED, begin, openWithEngine } from './work.contract.js';

const { pause, resume, cancel, retry } = WISHES;

/** What operators do to executions, every edge guarded by the state it expects. */
export function controlsContract(database: Database): void {
  describe('controls', () => {
    const kit = useStoreKit(database);
    const open = () => openWithEngine(kit());

    it.each(Object.entries(WISHES))(
      '%s of an execution that does not exist is answered "absent"',
      async (_name, wish) => {
        const { store } = await open();
        expect(await wish(store, newId<ExecutionId>())).toEqual({ status: 'absent' });
      },
    );

    // Cloacina case 103, Cloacina case 104
    it.each([
      ['completed', { pause: 'completed', resume: 'completed', cancel: 'completed', retry: 'completed' }],
      ['failed', { pause: 'failed', resume: 'failed', cancel: 'failed' }],
      ['pending', { resume: 'pending', retry: 'pending' }],
    ] as const)('a %s execution refuses what its state does not allow, and stays so', async (state, refused) => {
      const { store, engine } = await open();
      const id = await begin(store);
      if (state !== 'pending') await engine.runAll(() => (state === 'failed' ? FAILED : {}));
      for (const [name, answer] of Object.entries(refused)) {
        expect(await WISHES[name as keyof typeof WISHES](store, id)).toEqual({ status: 'refused', state: answer });
      }
      expect(await rowsOf(store, 'execution')).toMatchObject([{ state }]);
    });

    // Cloacina case 102
    it('pause holds what is ready, lets what runs end, and resume lets it go on', async () => {
      const { store, engine } = await open();
      engine.slots = 1;
      const id = await begin(store, { graph: { a: [], b: [], c: ['a'] } });
      const [a] = engine.started;
      expect(await pause(store, id)).toMatchObject({ status: 'done', state: 'paused', workflow: 'w1' });
      expect(await pause(store, id)).toMatchObject({ status: 'done', state: 'paused' });
      engine.slots = 5;
      await engine.finish(a);
      expect(await rowsOf(store, 'task', 'ordinal')).toMatchObject([
        { state: 'completed' },
        { state: 'blocked', held_by: 'pause' },
        { state: 'blocked', held_by: 'pause' },
      ]);
      engine.slots = 0;
      expect(await engine.claim()).toEqual([]);
      expect(await resume(store, id)).toMatchObject({ status: 'done', state: 'running' });
      expect(await engine.runAll()).toEqual(['b', 'c']);
      expect(await rowsOf(store, 'execution')).toMatchObject([{ state: 'completed' }]);
    });

    it('an execution that was paused before it began is pending again after it', async () => {
      const { store, engine } = await open();
      const id = await begin(store);
      await pause(store, id);
      expect(await resume(store, id)).toMatchObject({ status: 'done', state: 'pending' });
      await engine.runAll();
      expect(await rowsOf(store, 'execution')).toMatchObject([{ state: 'completed' }]);
    });

    it('a paused execution ends when what ran was the last of it', async () => {
      const { store, engine } = await open();
      const id = await begin(store);
      const { a } = await engine.claimAll();
      await pause(store, id);
      expect((await engine.finish(a)).end).toMatchObject({ state: 'completed' });
    });

    it('a pause that meets a finish in one group holds what became ready', async () => {
      const { store, engine } = await open();
      const id = await begin(store, { graph: { a: [], b: ['a'] } });
      const { a } = await engine.claimAll();
      await Promise.all([pause(store, id), engine.finish(a)]);
      expect(await taskStates(store)).toEqual(['completed', 'blocked']);
      expect(await engine.claim()).toEqual([]);
    });

    it('cancel ends at once what has not begun', async () => {
      const { store } = await open();
      const id = await begin(store, { graph: { a: [], b: ['a'] } });
      expect(await cancel(store, id)).toMatchObject({ status: 'done', state: 'cancelled' });
      expect(await rowsOf(store, 'task', 'ordinal')).toMatchObject([
        { state: 'cancelled', reason: 'cancelled' },
        { state: 'cancelled', reason: 'cancelled' },
      ]);
    });

    it('cancel waits for the bodies that run, whatever they answer', async () => {
      const { store, engine } = await open();
      const id = await begin(store, { graph: { a: [], b: [], c: ['a'] } });
      const { a, b } = await engine.claimAll();
      expect(await cancel(store, id)).toMatchObject({ status: 'done', state: 'cancelling' });
      expect(await cancel(store, id)).toMatchObject({ status: 'done', state: 'cancelling' });
      expect(await pause(store, id)).toEqual({ status: 'refused', state: 'cancelling' });
      expect((await engine.finish(a)).end).toBeNull();
      expect((await engine.finish(b, { ...FAILED, callback: null })).end).toMatchObject({
        state: 'cancelled',
        callback: null,
      });
      expect(await taskStates(store)).toEqual(['completed', 'failed', 'cancelled']);
    });

    it('cancel reaches a paused execution', async () => {
      const { store } = await open();
      const id = await begin(store);
      await pause(store, id);
      expect(await cancel(store, id)).toMatchObject({ state: 'cancelled' });
    });

    it('cancel waits for a body in the middle of a graph, whose dependants are cancelled already', async () => {
      const { store, engine } = await open();
      const id = await begin(store, { graph: { a: [], b: ['a'], c: ['a'] } });
      const { a } = await engine.claimAll();
      expect(await cancel(store, id)).toMatchObject({ state: 'cancelling' });
      expect(await rowsOf(store, 'execution')).toMatchObject([{ open_ends: 1 }]);
      expect((await engine.finish(a)).end).toMatchObject({ state: 'cancelled' });
    });

    describe('giving up what nobody can go on with', () => {
      const giveUp = (store: Store, id: ExecutionId): Promise<unknown> =>
        store.change((scope) => failExecution(id, { name: 'Error', message: 'nobody can go on' }, false, scope));

      it('fails what is ready, and what waits behind it will not run', async () => {
        const { store } = await open();
        const id = await begin(store, { graph: { a: [], b: ['a'] } });
        expect(await giveUp(store, id)).toMatchObject({ state: 'failed' });
        expect(await taskStates(store)).toEqual(['failed', 'cancelled']);
      });

      it('changes nothing when somebody was faster: claimed, paused, cancelled or gave it up', async () => {
        const { store, engine } = await open();
        const id = await begin(store, { graph: { a: [], b: ['a'] }, workflows: 2 });
        const row = async (): Promise<unknown> => (await rowsOf(store, 'execution')).find((one) => one['id'] === id);
        const unchanged = async (): Promise<void> => {
          const before = [await row(), await rowsOf(store, 'firing'), await rowsOf(store, 'task')];
          await kit().clock.advance(1_000);
          expect(await giveUp(store, id)).toBeNull();
          expect([await row(), await rowsOf(store, 'firing'), await rowsOf(store, 'task')]).toEqual(before);
        };
        await pause(store, id);
        await unchanged();
        await cancel(store, id);
        await unchanged();
        await retry(store, id);
        await giveUp(store, id);
        await unchanged();
        await retry(store, id);
        await engine.claim();
        await unchanged();
      });
    });

    if (database !== ':memory:') {
      it('cancel is not refused because another node pauses in the same instant', async () => {
        const { store } = await open();
        const other = await kit().open();
        for (let round = 0; round < 10; round += 1) {
          const ids = await Promise.all(Array.from({ length: 5 }, () => begin(store)));
          const cancels = ids.map((id) => cancel(round % 2 === 0 ? store : other, id));
          const pauses = ids.map((id) => pause(round % 2 === 0 ? other : store, id));
          const outcomes = Promise.all([...cancels, ...pauses]);
          await kit().clock.advance(1_000);
          const told = (await outcomes).slice(0, ids.length).map(({ status }) => status);
          expect(told).toEqual(ids.map(() => 'done'));
        }
      });

      it.each(['pause', 'cancel'] as const)(
        '%s from another node races with claims and finishes and loses nothing',
        async (name) => {
          const { store, engine } = await open();
          const other = await kit().open();
          const ids = await Promise.all(Array.from({ length: 20 }, () => begin(store, { graph: { a: [], b: ['a'] } })));
          const first = await engine.claim(10);
          engine.slots = 3;
          const racing = [
            ...ids.map((id) => WISHES[name](other, id)),
            ...first.map((task) => engine.finish(task)),
            store.commits.submit(CLAIM_TASKS, { alone: false, overdueMs: 0 }),
          ];
          await kit().clock.advance(1_000);
          await Promise.all(racing);
          engine.slots = 0;
          for (const task of engine.started.slice(10)) await engine.finish(task);
          await Promise.all(name === 'pause' ? ids.map((id) => resume(store, id)) : []);
          await engine.runAll();
          const ends = new Set((await rowsOf(store, 'execution')).map((row) => row['state']));
          expect(ends).toEqual(new Set([name === 'pause' ? 'completed' : 'cancelled']));
        },
      );
    }
  });
}
