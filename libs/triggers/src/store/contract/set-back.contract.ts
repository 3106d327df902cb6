import { MAX_CLOCK_OFFSET_MS } from '../../model/clock.js';
import { pauseExecution, resumeExecution } from '../execution.repository.js';
import { registerNode } from '../node.repository.js';
import { newId } from '../../model/ids.js';
import type { NodeId } from '../../model/ids.js';
import { dateAnew } from '../set-back.repository.js';
import type { Store } from '../store.service.js';
import { rowsOf, useStoreKit } from './kit.contract.js';
import type { Database } from './kit.contract.js';
import { FakeEngine, begin, nodeOf } from './work.contract.js';

const HOUR_MS = 3_600_000;
const SAME_MS = 1;

/** What was written while the clock was ahead is dated anew, by what its own rows prove. */
export function setBackContract(database: Database): void {
  describe('rows of a clock that was set back', () => {
    const kit = useStoreKit(database);
    const shift = (ms: number): void => kit().clock.set(new Date(kit().clock.now() + ms));
    /** How long the tasks wait from now on, in ms. */
    const waits = async (store: Store): Promise<number[]> =>
      (await rowsOf(store, 'task', 'run_at')).map(
        (row) => new Date(row['run_at'] as string).getTime() - kit().clock.now(),
      );
    const date = async (store: Store): Promise<number> => (await store.change(() => dateAnew())).tasks;

    it.each([
      ['at once', 0],
      ['after a delay', 90_000],
      ['after a delay longer than the jump', 2 * HOUR_MS + 1],
    ])('start %s, as they were to, and are dated once', async (_what, runAfterMs) => {
      const store = await kit().open();
      shift(HOUR_MS);
      await begin(store, { runAfterMs });
      shift(-HOUR_MS);
      expect(await waits(store)).toEqual([HOUR_MS + runAfterMs]);
      expect(await date(store)).toBe(1);
      const [waitMs = NaN] = await waits(store);
      expect(Math.abs(waitMs - runAfterMs)).toBeLessThanOrEqual(SAME_MS);
      expect(await date(store)).toBe(0);
      expect(await waits(store)).toEqual([waitMs]);
    });

    it('wait for the instant that somebody named, and longer only for a rate limit', async () => {
      const store = await kit().open();
      const named = kit().clock.now() + 2 * HOUR_MS;
      shift(HOUR_MS);
      await begin(store, { runAfterMs: HOUR_MS, scheduledFor: named });
      await begin(store, { runAfterMs: 3 * HOUR_MS, scheduledFor: named });
      shift(-HOUR_MS);
      expect(await date(store)).toBe(1);
      const [first, second = NaN] = await waits(store);
      expect(first).toBe(2 * HOUR_MS);
      expect(Math.abs(second - 3 * HOUR_MS)).toBeLessThanOrEqual(SAME_MS);
    });

    it('are left alone when clocks differ by no more than five seconds, or when nothing was written ahead of time', async () => {
      const store = await kit().open();
      await begin(store, { runAfterMs: HOUR_MS });
      shift(MAX_CLOCK_OFFSET_MS);
      await begin(store, { runAfterMs: HOUR_MS });
      shift(-MAX_CLOCK_OFFSET_MS);
      expect(await date(store)).toBe(0);
      expect(await waits(store)).toEqual([HOUR_MS, HOUR_MS + MAX_CLOCK_OFFSET_MS]);
      shift(MAX_CLOCK_OFFSET_MS + 1);
      await begin(store, { runAfterMs: HOUR_MS });
      shift(-MAX_CLOCK_OFFSET_MS - 1);
      expect(await date(store)).toBe(1);
    });

    it.each([
      ['retry', 90_000],
      ['release', 0],
      ['rescue', 0],
    ] as const)('wait after a %s from then on, not from their beginning', async (why, delayMs) => {
      const store = await kit().open();
      const engine = await FakeEngine.on(store);
      await begin(store);
      const { a } = await engine.claimAll();
      shift(HOUR_MS);
      await engine.putBack(a, why, { delayMs });
      shift(-HOUR_MS);
      expect(await date(store)).toBe(1);
      const [waitMs = NaN] = await waits(store);
      expect(Math.abs(waitMs - delayMs)).toBeLessThanOrEqual(SAME_MS);
    });

    it('are left to a pause, and dated when it is over', async () => {
      const store = await kit().open();
      shift(HOUR_MS);
      const id = await begin(store);
      await store.change(() => pauseExecution(id));
      shift(-HOUR_MS);
      expect(await date(store)).toBe(0);
      await store.change((scope) => resumeExecution(id, scope));
      expect(await date(store)).toBe(1);
      expect(await (await FakeEngine.on(store)).claim()).toHaveLength(1);
    });

    it('are dated once by several nodes at the same time', async () => {
      const stores = await Promise.all([kit().open(), kit().open(), kit().open()]);
      const [store] = stores;
      shift(HOUR_MS);
      for (let count = 0; count < 5; count += 1) await begin(store, { runAfterMs: 2 * HOUR_MS });
      shift(-HOUR_MS);
      const dated = await Promise.all(stores.map(date));
      expect(dated.reduce((sum, one) => sum + one)).toBe(5);
      for (const waitMs of await waits(store)) expect(Math.abs(waitMs - 2 * HOUR_MS)).toBeLessThanOrEqual(SAME_MS);
    });

    it('let a lease last as long as a fresh one of its own length, and no other is touched', async () => {
      const store = await kit().open();
      const register = (leaseMs: number): Promise<number> =>
        store.change(() => registerNode(nodeOf({ id: newId<NodeId>(), name: 'node', leaseMs })));
      const lasts = async (): Promise<number[]> =>
        (await rowsOf(store, 'node', 'lease_until')).map(
          (row) => new Date(row['lease_until'] as string).getTime() - kit().clock.now(),
        );
      await register(2 * HOUR_MS);
      shift(HOUR_MS);
      await register(30_000);
      await register(60_000);
      shift(-HOUR_MS);
      await date(store);
      expect(await lasts()).toEqual([30_000, 60_000, 2 * HOUR_MS]);
    });
  });
}
