import { batch, run } from '../dialects/batch.js';
import type { Work } from '../dialects/batch.js';
import { newId } from '../../model/ids.js';
import type { NodeId } from '../../model/ids.js';
import { registerNode } from '../node.repository.js';
import { FIRING } from '../commits/firing.commit.js';
import { draftOf } from './drafts.contract.js';
import { statement, rowsOf, useStoreKit } from './kit.contract.js';
import type { Database } from './kit.contract.js';
import { FakeEngine, fire, finishOf, nodeOf } from './work.contract.js';
import { FINISH } from '../commits/finish.commit.js';

const NO_SUCH_TABLE = batch('no_such_table', {}, () => 'INSERT INTO no_such_table VALUES (1)');

/** Group commit on a real database: one transaction for many, and only the guilty one fails. */
export function groupsContract(database: Database): void {
  describe('group commit', () => {
    const kit = useStoreKit(database);

    it('folds what arrives together into one transaction', async () => {
      const store = await kit().open();
      const transaction = jest.spyOn(store.dialect, 'transaction');
      await Promise.all(Array.from({ length: 150 }, () => fire(store)));
      expect(transaction).toHaveBeenCalledTimes(1);
      expect(await rowsOf(store, 'firing')).toHaveLength(150);
    });

    // Review 5
    it('fails only the poisoned change in a full group of 200', async () => {
      const store = await kit().open();
      const group = Array.from({ length: 200 }, (_, at) =>
        at === 77 ? store.change(() => poison()) : fire(store, { context: `{"n":${at}}` }),
      );
      const settled = await Promise.allSettled<unknown>(group);
      expect(settled.flatMap(({ status }, at) => (status === 'rejected' ? [at] : []))).toEqual([77]);
      expect(await rowsOf(store, 'firing')).toHaveLength(199);
    });

    it('fails only the item whose work throws, and writes nothing of it', async () => {
      const store = await kit().open();
      const throwing = store.change(function* (): Work<void> {
        yield* registerNode(nodeOf({ id: newId<NodeId>(), name: 'x', leaseMs: 1_000 }));
        throw new Error('poisoned');
      });
      const neighbour = fire(store);
      await expect(throwing).rejects.toThrow('poisoned');
      expect((await neighbour).status).toBe('stored');
      expect(await rowsOf(store, 'node')).toEqual([]);
    });

    if (database === 'postgres') {
      // Review 5
      it('fails only the firing whose text the database refuses', async () => {
        const store = await kit().open();
        const group = Array.from({ length: 50 }, (_, at) => fire(store, { reason: at === 7 ? 'a\u0000b' : null }));
        const settled = await Promise.allSettled(group);
        expect(settled.flatMap(({ status }, at) => (status === 'rejected' ? [at] : []))).toEqual([7]);
        expect(await rowsOf(store, 'firing')).toHaveLength(49);
      });
    }

    it('leaves no slot taken when a group is rolled back', async () => {
      const store = await kit().open();
      const engine = await FakeEngine.on(store);
      engine.slots = 3;
      const failing = store.change(() => poison());
      await Promise.all([
        fire(store),
        fire(store),
        expect(failing).rejects.toMatchObject({ message: expect.stringContaining('no_such_table') }),
      ]);
      expect(engine.started).toHaveLength(2);
      expect(engine.slots).toBe(1);
    });

    it('commits finishes before firings, firings before changes, and tells outcomes before claims start', async () => {
      const store = await kit().open();
      const engine = await FakeEngine.on(store);
      await fire(store, { graph: { first: [], then: ['first'] } });
      const { first } = await engine.claimAll();
      engine.slots = 2;
      engine.log.length = 0;
      const told = (what: string) => ({ onCommitted: () => void engine.log.push(what) });
      await Promise.all([
        store.change(() => record(engine, 'change')).then(() => engine.log.push('change told')),
        store.commits.submit(FIRING, draftOf({ graph: { fresh: [] } }), told('firing told')),
        store.commits.submit(FINISH, finishOf(first), told('finish told')),
      ]);
      expect(engine.log.slice(0, 5)).toEqual(['change', 'finish told', 'firing told', 'started then', 'started fresh']);
    });

    it('answers a draft that was stored before as stored, and stores it once', async () => {
      const store = await kit().open();
      const draft = draftOf();
      const first = await fire(store, draft);
      expect(await fire(store, draft)).toEqual(first);
      expect(await rowsOf(store, 'execution')).toHaveLength(1);
      expect(await rowsOf(store, 'task')).toHaveLength(1);
    });

    it('claims nothing of a draft that was stored before', async () => {
      const store = await kit().open();
      const engine = await FakeEngine.on(store);
      engine.slots = 5;
      const draft = draftOf();
      await fire(store, draft);
      await fire(store, draft);
      expect(engine.started).toHaveLength(1);
      expect(engine.slots).toBe(4);
    });

    it('shows nothing that is not committed to readers', async () => {
      const store = await kit().open();
      const looking = store.change(function* (): Work<number> {
        yield* registerNode(nodeOf({ id: newId<NodeId>(), name: 'x', leaseMs: 1_000 }));
        throw new Error('rolled back');
      });
      await expect(looking).rejects.toThrow('rolled back');
      expect(await store.read(statement('SELECT id FROM triggers_node'), [[]])).toEqual([]);
    });

    it('refuses what comes after it was closed', async () => {
      const store = await kit().open();
      const last = fire(store);
      await store.close();
      expect((await last).status).toBe('stored');
      await expect(fire(store)).rejects.toMatchObject({ code: 'TRG_ENG_STOPPED' });
      expect(() => store.reader).toThrow('The store is closed');
      await kit().open();
      kit().stores.shift();
    });
  });
}

function* poison(): Work<void> {
  yield* run(NO_SUCH_TABLE, [[]]);
}

function* record(engine: FakeEngine, what: string): Work<void> {
  yield* run(NO_SUCH_TABLE, []);
  engine.log.push(what);
}
