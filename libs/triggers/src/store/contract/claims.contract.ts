import { newId } from '../../model/ids.js';
import type { NodeId } from '../../model/ids.js';
import { rowsOf, useStoreKit } from './kit.contract.js';
import type { Database } from './kit.contract.js';
import { FakeEngine, begin, fire } from './work.contract.js';

/** Claims: in batches, by urgency, never twice. */
export function claimsContract(database: Database): void {
  describe('claims', () => {
    const kit = useStoreKit(database);

    it('takes the highest priority first, then the longest waiting, as many as there are slots', async () => {
      const store = await kit().open();
      const engine = await FakeEngine.on(store);
      const fired: string[] = [];
      for (const priority of [0, 5, 0, 5, -1]) {
        fired.push(await begin(store, { priority }));
        await kit().clock.advance(10);
      }
      const order = (await engine.claim(3)).map(({ facts }) => facts.executionId);
      expect(order).toEqual([fired[1], fired[3], fired[0]]);
      expect((await engine.claim(10)).map(({ facts }) => facts.executionId)).toEqual([fired[2], fired[4]]);
    });

    it('never claims more than it has slots for', async () => {
      const store = await kit().open();
      const engine = await FakeEngine.on(store);
      await Promise.all(Array.from({ length: 40 }, () => begin(store)));
      for (const slots of [1, 7, 0, 30]) expect(await engine.claim(slots)).toHaveLength(Math.min(slots, 40));
      expect(await engine.claim(100)).toHaveLength(2);
    });

    it('claims only what this node declares', async () => {
      const store = await kit().open();
      const engine = await FakeEngine.on(store);
      await begin(store, { hash: 'h2' });
      const known = await begin(store);
      expect((await engine.claim()).map(({ facts }) => facts.executionId)).toEqual([known]);
      engine.declared.push('w1:h2');
      expect(await engine.claim()).toHaveLength(1);
    });

    // Cloacina case 72, Cloacina case 78
    it('starts an execution with its first claim, at the instant of the claim', async () => {
      const store = await kit().open();
      const engine = await FakeEngine.on(store);
      await begin(store, { graph: { a: [], b: ['a'] } });
      expect(await rowsOf(store, 'execution')).toMatchObject([{ state: 'pending', started_at: null }]);
      expect((await rowsOf(store, 'task', 'ordinal')).map((row) => row['state'])).toEqual(['ready', 'blocked']);
      await kit().clock.advance(5_000);
      const startedAt = kit().clock.now();
      await engine.runAll();
      const [row] = await rowsOf(store, 'execution');
      expect(new Date(row?.['started_at'] as string).getTime()).toBe(startedAt);
    });

    // Cloacina case 61
    it('gives a task to one node only, however many claim at one instant', async () => {
      const one = await kit().open();
      const two = database === ':memory:' ? one : await kit().open();
      const engines = [await FakeEngine.on(one), await FakeEngine.on(two)] as const;
      await Promise.all(Array.from({ length: 60 }, () => begin(one)));
      const claiming = engines.flatMap((engine) => {
        engine.store.commits.claimer = engine;
        engine.store.commits.onReady = (inMs, tasks) => engine.wake(inMs, tasks);
        return [engine.claim(20)];
      });
      await kit().clock.advance(1_000);
      await Promise.all(claiming);
      const claimed = engines.flatMap(({ started }) => started.map(({ id }) => id));
      expect(new Set(claimed).size).toBe(claimed.length);
      const running = (await rowsOf(one, 'task')).filter((row) => row['state'] === 'running');
      expect(running).toHaveLength(claimed.length);
      for (const engine of engines) {
        expect(running.filter((row) => row['owner'] === engine.nodeId)).toHaveLength(engine.started.length);
      }
    });

    it('claims a task that was rescued twice alone, and no other with it', async () => {
      const store = await kit().open();
      const engine = await FakeEngine.on(store);
      await begin(store);
      for (const rescue of [1, 2]) {
        const { a } = await engine.claimAll();
        expect(a?.rescues).toBe(rescue - 1);
        await engine.putBack(a, 'rescue');
      }
      await begin(store, { graph: { other: [] } });
      expect((await engine.claim(10, false)).map(({ task }) => task)).toEqual(['other']);
      expect((await engine.claim(10, true)).map(({ task, rescues }) => [task, rescues])).toEqual([['a', 2]]);
    });

    it('carries attempts, outputs and input to whoever claims', async () => {
      const store = await kit().open();
      const engine = await FakeEngine.on(store);
      await fire(store, {
        graph: { a: [], b: ['a'] },
        context: '{"in":1}',
        depth: 3,
        trigger: 'inbox',
        kind: 'manual',
      });
      await engine.finish((await engine.claimAll())['a'], { output: '{"out":2}' });
      const { b } = await engine.claimAll();
      const error = { name: 'Error', message: 'no' };
      const record = { attempt: 1, startedAt: 'x', finishedAt: 'y', error, node: newId<NodeId>() };
      await engine.putBack(b, 'retry', { error, attempts: [record] });
      expect(await engine.claim()).toMatchObject([
        {
          task: 'b',
          attempt: 2,
          maxAttempts: 3,
          rescues: 0,
          attempts: [record],
          facts: {
            input: '{"in":1}',
            depth: 3,
            trigger: 'inbox',
            kind: 'manual',
            workflow: 'w1',
            hash: 'h1',
            siblings: 1,
          },
          place: { dependencies: ['a'], dependents: [], ancestors: ['a'] },
        },
      ]);
      expect([...(engine.started.at(-1)?.outputs ?? [])]).toEqual([['a', '{"out":2}']]);
    });
  });
}
