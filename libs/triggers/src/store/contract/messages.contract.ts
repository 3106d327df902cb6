import type { ExecutionId } from '../../model/ids.js';
import { newId } from '../../model/ids.js';
import type { ClaimedTask } from '../claimer.js';
import { CLAIM_MESSAGES } from '../commits/claim-messages.commit.js';
import type { MessageOutcome } from '../commits/claim-messages.commit.js';
import { pauseExecution, resumeExecution, retryExecution } from '../execution.repository.js';
import { useStoreKit } from './kit.contract.js';
import type { Database } from './kit.contract.js';
import { FakeEngine, begin, fire } from './work.contract.js';

/** Claims of tasks that a message names, and what commits tell of tasks that are ready. */
export function messagesContract(database: Database): void {
  describe('messages', () => {
    const kit = useStoreKit(database);
    let engine: FakeEngine;
    beforeEach(async () => {
      engine = await FakeEngine.on(await kit().open());
    });
    const hear = async (slots: number, ...ids: string[]): Promise<MessageOutcome[]> => {
      engine.slots = slots;
      const { commits } = engine.store;
      const heard = await Promise.all(
        ids.map((id) => commits.submit(CLAIM_MESSAGES, { executionId: id as ExecutionId, task: 'a' })),
      );
      engine.slots = 0;
      return heard;
    };
    const beginMany = (count: number): Promise<string[]> =>
      Promise.all(Array.from({ length: count }, () => begin(engine.store)));

    it('claims what it names, with everything that its body needs, and starts its execution', async () => {
      const [id = ''] = await beginMany(2);
      expect(await hear(5, id)).toEqual(['claimed']);
      expect(engine.started).toMatchObject([{ task: 'a', attempt: 1, rescues: 0, facts: { executionId: id, input: '{"n":1}' } }]); // prettier-ignore
      expect((await engine.finish(engine.started[0])).end).toMatchObject({ state: 'completed' });
    });

    it('claims as many as there are slots for, and looks at none of the others', async () => {
      const ids = await beginMany(4);
      expect((await hear(3, ...ids)).sort()).toEqual(['claimed', 'claimed', 'claimed', 'full']);
      expect(await engine.claim()).toHaveLength(1);
    });

    it('gives back the slots of those that it refused', async () => {
      const ids = await beginMany(2);
      engine.slots = 7;
      const { commits } = engine.store;
      const named = [...ids, newId()].map((id) => ({ executionId: id as ExecutionId, task: 'a' }));
      await Promise.all(named.map((message) => commits.submit(CLAIM_MESSAGES, message)));
      expect(engine.slots).toBe(5);
    });

    it('claims nothing beside a task that must run alone', async () => {
      const [id = ''] = await beginMany(1);
      engine.isQuiet = true;
      expect(await hear(5, id)).toEqual(['full']);
      engine.isQuiet = false;
      expect(await hear(5, id)).toEqual(['claimed']);
    });

    it('claims once what is named twice, in one commit and in two', async () => {
      const [id = ''] = await beginMany(1);
      expect((await hear(5, id, id)).sort()).toEqual(['claimed', 'refused']);
      expect(await hear(5, id)).toEqual(['refused']);
      expect(engine.started).toHaveLength(1);
    });

    it('refuses what is not there, not due, paused, over, not declared, or rescued twice', async () => {
      const { store } = engine;
      const later = await begin(store, { runAfterMs: 60_000 });
      const foreign = await begin(store, { hash: 'h2' });
      const paused = await begin(store);
      await store.change(() => pauseExecution(paused));
      expect(await hear(9, newId(), later, foreign, paused)).toEqual(Array(4).fill('refused'));
      const over = await begin(store);
      expect(await hear(9, over)).toEqual(['claimed']);
      for (const expected of ['claimed', 'refused'] as const) {
        await engine.putBack(engine.started.at(-1), 'rescue');
        expect(await hear(9, over)).toEqual([expected]);
      }
      const [loner] = await engine.claim(1, true);
      await engine.finish(loner);
      expect(await hear(9, over)).toEqual(['refused']);
      expect(engine.started.map(({ facts }) => facts.executionId)).toEqual([over, over, over]);
    });

    it('are claimed by one node only, whoever hears them', async () => {
      const ids = await beginMany(30);
      const other = database === ':memory:' ? engine.store : await kit().open();
      const two = await FakeEngine.on(other);
      engine.store.commits.claimer = engine;
      engine.store.commits.onReady = (inMs, tasks) => engine.wake(inMs, tasks);
      if (other !== engine.store) other.commits.claimer = two;
      two.slots = 99;
      const twice = Promise.all([
        hear(99, ...ids),
        ...ids.map((id) => other.commits.submit(CLAIM_MESSAGES, { executionId: id as ExecutionId, task: 'a' })),
      ]);
      await kit().clock.advance(1_000);
      await twice;
      const started = [...engine.started, ...two.started].map(({ facts }) => facts.executionId);
      expect(started.sort()).toEqual([...ids].sort());
    });

    describe('a commit names what it leaves ready and has not claimed', () => {
      const ready = (): unknown[] =>
        engine.ready.splice(0).map(({ executionId, task, priority, inMs }) => [executionId, task, priority, inMs]);
      const claimed = (): ClaimedTask | undefined => engine.started.at(-1);

      it('after a firing, with its delay and its priority', async () => {
        const id = await begin(engine.store, { graph: { a: [], b: [], c: ['a'] }, priority: 7, runAfterMs: 250 });
        expect(ready()).toEqual([[id, 'a', 7, 250], [id, 'b', 7, 250]]); // prettier-ignore
      });

      it('after an end and after a task was put back, by the id of its row', async () => {
        const id = await begin(engine.store, { graph: { a: [], b: ['a'], c: ['a'] }, priority: 3 });
        const [{ id: first } = { id: '' }] = engine.ready.splice(0);
        await engine.claimAll();
        expect(claimed()?.id).toBe(first);
        await engine.putBack(claimed(), 'retry', { delayMs: 400 });
        expect(engine.ready).toEqual([
          { id: first, executionId: id, task: 'a', pool: 'default', priority: 3, inMs: 400 },
        ]);
        engine.ready.length = 0;
        await kit().clock.advance(400);
        await engine.finish((await engine.claimAll())['a']);
        expect(ready().sort()).toEqual([[id, 'b', 3, 0], [id, 'c', 3, 0]]); // prettier-ignore
        const ids = (await engine.claim()).map((task) => task.id);
        expect(new Set(ids).size).toBe(2);
      });

      it('after a pause has ended, with what is left of its wait; not while it is paused', async () => {
        const id = await begin(engine.store, { graph: { a: [], b: [] } });
        const { a, b } = await engine.claimAll();
        await engine.putBack(a, 'retry', { delayMs: 60_000 });
        engine.ready.length = 0;
        await engine.store.change(() => pauseExecution(id));
        await engine.putBack(b, 'release');
        expect(ready()).toEqual([]);
        await kit().clock.advance(20_000);
        await engine.store.change((scope) => resumeExecution(id, scope));
        expect(ready().sort()).toEqual([[id, 'a', 0, 40_000], [id, 'b', 0, 0]]); // prettier-ignore
      });

      it('after an operator retries', async () => {
        const id = await begin(engine.store, { graph: { a: [], b: ['a'] } });
        await engine.finish((await engine.claimAll())['a'], { state: 'failed', error: { name: 'E', message: 'm' } });
        engine.ready.length = 0;
        await engine.store.change((scope) => retryExecution(id, scope));
        expect(ready()).toEqual([[id, 'a', 0, 0]]);
      });

      it('nothing that it has claimed in passing', async () => {
        engine.slots = 1;
        await fire(engine.store, { graph: { a: [], b: [] } });
        expect(engine.ready.map(({ task }) => task)).toEqual(['b']);
        expect(engine.started.map(({ task }) => task)).toEqual(['a']);
      });
    });
  });
}
