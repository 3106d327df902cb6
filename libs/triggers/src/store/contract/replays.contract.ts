import { newId } from '../../model/ids.js';
import type { ExecutionId, FiringId } from '../../model/ids.js';
import type { FiringDraft } from '../commits/firing.draft.js';
import { REPLAY } from '../commits/replay.commit.js';
import type { ReplayOutcome, Replayed } from '../commits/replay.commit.js';
import { retryExecution } from '../execution.repository.js';
import { discardLetter } from '../letter.repository.js';
import type { Store } from '../store.service.js';
import { draftOf, wish } from './drafts.contract.js';
import type { DraftGiven } from './drafts.contract.js';
import { rowsOf, useStoreKit } from './kit.contract.js';
import type { Database } from './kit.contract.js';
import { FAILED, FakeEngine, begin, fire } from './work.contract.js';

const DAY_MS = 86_400_000;
const WINDOW = wish('evt_1', { scope: 'window', windowMs: DAY_MS });
const KEY = { space: WINDOW.space, key: WINDOW.key, label: 'evt_1' };

/** Replays: guarded by the commit of what they fire. */
export function replaysContract(database: Database): void {
  describe('replays', () => {
    const kit = useStoreKit(database);
    const two = async (): Promise<readonly [Store, Store]> => {
      const store = await kit().open();
      return [store, database === ':memory:' ? store : await kit().open()];
    };
    const letter = async (store: Store, given: DraftGiven = {}): Promise<FiringDraft> => {
      const key = given.dedup == null ? null : KEY;
      const kept = { key, windowMs: null, label: key?.label ?? null, payload: '{"a":1}', origin: null };
      const draft = draftOf({ state: 'dead', context: null, reason: 'no amount', letter: kept, ...given });
      await fire(store, draft);
      return draft;
    };
    const replay = (store: Store, of: Replayed, ...given: DraftGiven[]): Promise<ReplayOutcome> =>
      store.commits.submit(REPLAY, { of, drafts: (given.length === 0 ? [{}] : given).map((one) => draftOf(one)) });
    const failed = async (store: Store, given: DraftGiven = {}): Promise<ExecutionId> => {
      const engine = await FakeEngine.on(store);
      const executionId = await begin(store, given);
      const [task] = await engine.claim();
      await engine.finish(task, FAILED);
      kit().leavesOrphans = true;
      return executionId;
    };
    const row = async (store: Store, id: string) =>
      [...(await rowsOf(store, 'firing')), ...(await rowsOf(store, 'execution'))].find((one) => one['id'] === id);
    const started = (outcomes: readonly ReplayOutcome[]): number =>
      outcomes
        .flatMap((outcome) => (outcome.status === 'replayed' ? outcome.verdicts : []))
        .filter((verdict) => verdict.status === 'stored' && verdict.state === 'accepted').length;

    it('close a dead letter, with a key and without one', async () => {
      const store = await kit().open();
      const kept = [await letter(store, { dedup: WINDOW }), await letter(store)];
      for (const { id, dedup } of kept) {
        const draft = draftOf({ dedup, replayOfLetter: id });
        expect(await replay(store, { kind: 'firing', id }, draft)).toMatchObject({
          verdicts: [{ status: 'stored', state: 'accepted' }],
        });
        expect(await row(store, id)).toMatchObject({ closed_by: draft.id });
      }
    });

    it('take over the window that the letter kept', async () => {
      const store = await kit().open();
      const { id } = await letter(store, { dedup: WINDOW });
      const draft = draftOf({ dedup: WINDOW, closes: [KEY], replayOfLetter: id });
      await replay(store, { kind: 'firing', id }, draft);
      expect(await rowsOf(store, 'dedup')).toMatchObject([{ firing_id: draft.id }]);
    });

    it('are duplicates where the key was accepted since', async () => {
      const store = await kit().open();
      const { id } = await letter(store);
      const accepted = draftOf({ dedup: WINDOW });
      await fire(store, accepted);
      const outcome = await replay(store, { kind: 'firing', id }, { dedup: WINDOW, replayOfLetter: id });
      expect(outcome).toMatchObject({ verdicts: [{ status: 'duplicate', firingId: accepted.id }] });
      expect(await row(store, id)).toMatchObject({ closed_by: accepted.id });
      expect(await replay(store, { kind: 'firing', id })).toEqual({ status: 'over', closedBy: accepted.id });
    });

    it('leave a letter open whose key is held by another dead letter', async () => {
      const store = await kit().open();
      const { id } = await letter(store);
      const other = await letter(store, { dedup: WINDOW });
      const outcome = await replay(store, { kind: 'firing', id }, { dedup: WINDOW, replayOfLetter: id });
      expect(outcome).toMatchObject({ verdicts: [{ status: 'duplicate', firingId: other.id }] });
      expect(await row(store, id)).toMatchObject({ closed_at: null });
    });

    it.each([5, 1])('start one execution for a letter, of %s at once on each of two processes', async (each) => {
      const [store, other] = await two();
      const { id } = await letter(store);
      const all = Array.from({ length: 2 * each }, (_, at) =>
        replay(at % 2 === 0 ? store : other, { kind: 'firing', id }, { replayOfLetter: id }),
      );
      const outcomes = await Promise.all(all);
      expect(started(outcomes)).toBe(1);
      expect(await rowsOf(store, 'execution')).toHaveLength(1);
      const { closed_by: closedBy } = (await row(store, id)) ?? {};
      const over = outcomes.filter(({ status }) => status === 'over');
      expect(over).toEqual(Array(2 * each - 1).fill({ status: 'over', closedBy }));
    });

    it('start one execution for a failed one as a dead letter, of several at once on two processes', async () => {
      const [store, other] = await two();
      const id = await failed(store, { dedup: WINDOW });
      const again = { dedup: { ...WINDOW, replay: true }, replayOf: id };
      const outcomes = await Promise.all(
        [store, other, store, other].map((one) => replay(one, { kind: 'execution', id, once: true }, again)),
      );
      expect(started(outcomes)).toBe(1);
      expect(await rowsOf(store, 'execution')).toHaveLength(2);
      expect(await row(store, id)).toMatchObject({ closed_at: expect.anything() as unknown });
    });

    it('are as many as somebody asks for of an execution that is no dead letter to him', async () => {
      const store = await kit().open();
      const id = await failed(store);
      const of = { kind: 'execution', id, once: false } as const;
      expect(
        started(await Promise.all([replay(store, of, { replayOf: id }), replay(store, of, { replayOf: id })])),
      ).toBe(2);
      expect(started([await replay(store, of, { replayOf: id })])).toBe(1);
    });

    it('and a discard at once: one of them counts', async () => {
      const [store, other] = await two();
      for (let round = 0; round < 5; round += 1) {
        const { id } = await letter(store);
        const [outcome, isDiscarded] = await Promise.all([
          replay(store, { kind: 'firing', id }, { replayOfLetter: id }),
          other.change(() => discardLetter(id)),
        ]);
        expect(outcome.status).toBe(isDiscarded ? 'over' : 'replayed');
      }
    });

    it.each([1, 2, 3])('and a retry at once: one of them goes on (%s)', async () => {
      const [store, other] = await two();
      const id = await failed(store);
      const [outcome, retried] = await Promise.all([
        replay(store, { kind: 'execution', id, once: false }, { replayOf: id }),
        other.change((scope) => retryExecution(id, scope)),
      ]);
      expect([outcome.status, retried.status]).toEqual(
        outcome.status === 'replayed' ? ['replayed', 'replayed'] : ['over', 'done'],
      );
    });

    it('leave nothing to retry', async () => {
      const store = await kit().open();
      const id = await failed(store);
      const draft = draftOf({ replayOf: id });
      await replay(store, { kind: 'execution', id, once: true }, draft);
      expect(await store.change((scope) => retryExecution(id, scope))).toEqual({ status: 'replayed', by: draft.id });
    });

    it('of several items are all there or leave the letter open', async () => {
      const store = await kit().open();
      const { id } = await letter(store);
      const limited: DraftGiven = {
        replayOfLetter: id,
        rate: { space: 'inbox', limit: 2, perMs: 60_000, onLimit: 'refuse' },
      };
      const of = { kind: 'firing', id } as const;
      const first = await replay(store, of, limited, limited, limited);
      expect(first).toMatchObject({ verdicts: [{ status: 'stored' }, { status: 'stored' }, { status: 'limited' }] });
      expect(await row(store, id)).toMatchObject({ closed_at: null });
      expect(await replay(store, of, {}, {}, {})).toMatchObject({ status: 'replayed' });
      expect(await row(store, id)).toMatchObject({ closed_at: expect.anything() as unknown });
    });

    it('of what is not there are over', async () => {
      const store = await kit().open();
      expect(await replay(store, { kind: 'firing', id: newId<FiringId>() })).toEqual({
        status: 'over',
        closedBy: null,
      });
      expect(await rowsOf(store, 'firing')).toEqual([]);
    });

    it('are not asked for of a letter that was discarded, whose window is free again', async () => {
      const store = await kit().open();
      const { id } = await letter(store, { dedup: WINDOW });
      expect(await store.change(() => discardLetter(id))).toBe(true);
      expect(await rowsOf(store, 'dedup')).toEqual([]);
      expect(await fire(store, { dedup: WINDOW })).toMatchObject({ status: 'stored', state: 'accepted' });
      expect(await replay(store, { kind: 'firing', id })).toEqual({ status: 'over', closedBy: null });
    });
  });
}
