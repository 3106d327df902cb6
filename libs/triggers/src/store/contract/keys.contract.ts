import { retryExecution } from '../execution.repository.js';
import type { Store } from '../store.service.js';
import { cancelExecution, pauseExecution, resumeExecution } from '../execution.repository.js';
import type { DedupWish, FiringVerdict } from '../commits/firing.draft.js';
import { wish } from './drafts.contract.js';
import type { DraftGiven } from './drafts.contract.js';
import { rowsOf, useStoreKit } from './kit.contract.js';
import type { Database, StoreKit } from './kit.contract.js';
import { FAILED, begin, fire, openWithEngine } from './work.contract.js';
import type { FakeEngine } from './work.contract.js';

const MINUTE_MS = 60_000;
const RUNNING = { dedup: wish('file.csv') };

/** The table of semantics §3: a key is held only by work we took responsibility for. */
export function keysContract(database: Database): void {
  describe('the life of a key', () => {
    const kit = useStoreKit(database);
    const open = () => openWithEngine(kit());

    // Cloacina T-2, Cloacina case 22
    it('accepted: is held until the execution has ended, then the same context fires again', async () => {
      const { store, engine } = await open();
      await begin(store, { ...RUNNING, graph: { a: [], b: ['a'] } });
      const { a } = await engine.claimAll();
      expect(await status(store)).toBe('duplicate');
      expect((await fire(store, { dedup: wish('other.csv') })).status).toBe('stored');
      await engine.finish(a);
      expect(await status(store)).toBe('duplicate');
      await engine.finish((await engine.claimAll())['b']);
      expect(await status(store)).toBe('stored');
    });

    it('accepted with several workflows: is held until the last execution has ended', async () => {
      const { store, engine } = await open();
      await begin(store, { ...RUNNING, workflows: 3 });
      const claimed = await engine.claim();
      for (const task of claimed) {
        expect(await status(store)).toBe('duplicate');
        await engine.finish(task);
      }
      expect(await status(store)).toBe('stored');
    });

    it('accepted with several workflows that end in one commit: is free', async () => {
      const { store, engine } = await open();
      await begin(store, { ...RUNNING, workflows: 3 });
      await Promise.all((await engine.claim()).map((task) => engine.finish(task)));
      expect(await status(store)).toBe('stored');
    });

    it('paused: is kept', async () => {
      const { store, engine } = await open();
      const id = await begin(store, RUNNING);
      await store.change(() => pauseExecution(id));
      expect(await status(store)).toBe('duplicate');
      await store.change((scope) => resumeExecution(id, scope));
      await engine.runAll();
      expect(await status(store)).toBe('stored');
    });

    it.each(['rejected', 'filtered'] as const)('%s: no key was taken', async (state) => {
      const { store } = await open();
      await fire(store, { state, dedup: null });
      expect(await rowsOf(store, 'dedup')).toEqual([]);
      expect(await status(store)).toBe('stored');
    });

    it('dead: a window is kept', async () => {
      const { store } = await open();
      await fire(store, { state: 'dead', dedup: wish('evt', { scope: 'window', windowMs: MINUTE_MS }) });
      expect(await fire(store, { dedup: wish('evt') })).toMatchObject({ status: 'duplicate', state: 'dead' });
    });

    it('failed: cools down for 1m × 2^(failures − 1), at most 1h, and says until when', async () => {
      const { store, engine } = await open();
      for (const minutes of [1, 2, 4, 8, 16, 32, 60, 60]) {
        await begin(store, RUNNING);
        await engine.runAll(() => FAILED);
        const until = new Date(kit().clock.now() + minutes * MINUTE_MS);
        expect(await fire(store, RUNNING)).toMatchObject({
          status: 'duplicate',
          state: 'accepted',
          coolingDownUntil: until,
        });
        await kit().clock.advance(minutes * MINUTE_MS - 1);
        expect(await status(store)).toBe('duplicate');
        await kit().clock.advance(1);
      }
    });

    it('failed: success clears the count of failures', async () => {
      const { store, engine } = await open();
      await failTimes(2, kit(), store, engine);
      await begin(store, RUNNING);
      await engine.runAll();
      await begin(store, RUNNING);
      await engine.runAll(() => FAILED);
      await kit().clock.advance(MINUTE_MS);
      expect(await status(store)).toBe('stored');
    });

    it.each<[FiringVerdict['status'], DraftGiven]>([
      ['limited', { rate: { space: 'inbox', limit: 1, perMs: 60 * MINUTE_MS, onLimit: 'refuse' } }],
      ['refused', { gate: { declaredEnabled: false, whenDisabled: 'refuse' } }],
    ])('%s after a cool-down: the key is free at once, and its failures go on counting', async (refused, given) => {
      const { store, engine } = await open();
      await failTimes(2, kit(), store, engine);
      await fire(store, given);
      expect((await fire(store, { ...RUNNING, ...given })).status).toBe(refused);
      await begin(store, RUNNING);
      await engine.runAll(() => FAILED);
      const until = new Date(kit().clock.now() + 4 * MINUTE_MS);
      expect(await fire(store, RUNNING)).toMatchObject({ status: 'duplicate', coolingDownUntil: until });
    });

    it('failed with several workflows: cools down once, when the last has ended', async () => {
      const { store, engine } = await open();
      await begin(store, { ...RUNNING, workflows: 2 });
      const [one, two] = await engine.claim();
      await engine.finish(one, FAILED);
      expect(await fire(store, RUNNING)).toMatchObject({ status: 'duplicate', coolingDownUntil: null });
      await engine.finish(two);
      expect(await fire(store, RUNNING)).toMatchObject({ coolingDownUntil: new Date(kit().clock.now() + MINUTE_MS) });
    });

    it('failed with the cool-down off: is free', async () => {
      const { store, engine } = await open();
      await begin(store, { dedup: wish('file.csv', { cooldown: false }) });
      await engine.runAll(() => FAILED);
      expect(await status(store)).toBe('stored');
    });

    it('failed in a window: the window stands and does not cool down', async () => {
      const { store, engine } = await open();
      await begin(store, { dedup: wish('evt', { scope: 'window', windowMs: 10 * MINUTE_MS }) });
      await engine.runAll(() => FAILED);
      await kit().clock.advance(9 * MINUTE_MS);
      expect((await fire(store, { dedup: wish('evt') })).status).toBe('duplicate');
      await kit().clock.advance(MINUTE_MS);
      expect((await fire(store, { dedup: wish('evt') })).status).toBe('stored');
    });

    it('cancelled: is held until the last running body has returned', async () => {
      const { store, engine } = await open();
      const id = await begin(store, { ...RUNNING, graph: { a: [], b: [] } });
      const { a, b } = await engine.claimAll();
      await store.change((scope) => cancelExecution(id, scope));
      await engine.finish(a, { state: 'cancelled' });
      expect(await status(store)).toBe('duplicate');
      await engine.finish(b, { state: 'cancelled' });
      expect(await status(store)).toBe('stored');
    });

    it('retry: takes the key again, out of its own cool-down too', async () => {
      const { store, engine } = await open();
      const id = await begin(store, RUNNING);
      await engine.runAll(() => FAILED);
      expect(await store.change((scope) => retryExecution(id, scope))).toMatchObject({
        status: 'done',
        state: 'running',
      });
      expect(await fire(store, RUNNING)).toMatchObject({ status: 'duplicate', coolingDownUntil: null });
      await engine.runAll();
      expect(await status(store)).toBe('stored');
    });

    it('retry: is refused with the holder when another firing runs with the key', async () => {
      const { store, engine } = await open();
      const id = await begin(store, RUNNING);
      await engine.runAll(() => FAILED);
      await kit().clock.advance(MINUTE_MS);
      const holder = await begin(store, RUNNING);
      expect(await store.change((scope) => retryExecution(id, scope))).toMatchObject({
        status: 'heldByOther',
        holder: { executionIds: [holder], state: 'accepted' },
      });
    });

    it('retry: an operator ends the cool-down of another firing that has failed', async () => {
      const { store, engine } = await open();
      const id = await begin(store, RUNNING);
      await engine.runAll(() => FAILED);
      await kit().clock.advance(MINUTE_MS);
      await begin(store, RUNNING);
      await engine.runAll(() => FAILED);
      expect(await store.change((scope) => retryExecution(id, scope))).toMatchObject({ status: 'done' });
      await engine.runAll();
    });

    it('replay: takes a free key, ignores windows and cool-downs, and is refused by work that runs', async () => {
      const { store, engine } = await open();
      const replay = { dedup: wish('file.csv', { replay: true }) };
      await begin(store, RUNNING);
      expect((await fire(store, replay)).status).toBe('duplicate');
      await engine.runAll(() => FAILED);
      expect((await fire(store, replay)).status).toBe('stored');
    });

    it.each<[string, Partial<DedupWish>]>([
      ['a window', { scope: 'window', windowMs: MINUTE_MS }],
      ['a key for ever', { scope: 'ever' }],
    ])('replay: has no part in %s, which it neither takes nor lengthens', async (_what, scope) => {
      const { store } = await open();
      const key = wish('evt', scope);
      await fire(store, { dedup: key });
      const before = await rowsOf(store, 'dedup');
      await kit().clock.advance(MINUTE_MS / 2);
      expect((await fire(store, { dedup: { ...key, replay: true } })).status).toBe('stored');
      expect(await rowsOf(store, 'dedup')).toEqual(before);
      const other = wish('other', scope);
      await fire(store, { dedup: { ...other, replay: true } });
      expect((await fire(store, { dedup: other })).status).toBe('stored');
    });
  });
}

async function status(store: Store): Promise<string> {
  return (await fire(store, RUNNING)).status;
}

async function failTimes(times: number, kit: StoreKit, store: Store, engine: FakeEngine): Promise<void> {
  for (let failed = 0; failed < times; failed += 1) {
    await begin(store, RUNNING);
    await engine.runAll(() => FAILED);
    await kit.clock.advance(60 * MINUTE_MS);
  }
}
