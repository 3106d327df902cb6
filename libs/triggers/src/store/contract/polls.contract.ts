import { newId } from '../../model/ids.js';
import type { NodeId } from '../../model/ids.js';
import { POLL } from '../commits/poll.commit.js';
import type { PollItem, PollOutcome } from '../commits/poll.commit.js';
import { batch, run } from '../dialects/batch.js';
import type { Row } from '../dialects/batch.js';
import type { TriggerRow } from '../entities/rows.js';
import { acquireTriggers } from '../trigger-owner.repository.js';
import { declareTriggers } from '../trigger.repository.js';
import type { Store } from '../store.service.js';
import { draftOf, wish } from './drafts.contract.js';
import { FaultyDialect } from './faulty-dialect.contract.js';
import { rowsOf, useStoreKit } from './kit.contract.js';
import type { Database } from './kit.contract.js';
import { raced } from './racing.contract.js';
import { FakeEngine, fire } from './work.contract.js';

const OVERRULE = batch(
  'test_overrule',
  { _what: 'text' },
  () => `UPDATE triggers_trigger SET
    enabled_override = CASE WHEN g._what = 'disabled' THEN false WHEN g._what = 'enabled' THEN true ELSE enabled_override END,
    cursor_version = CASE WHEN g._what = 'cursor' THEN cursor_version + 1 ELSE cursor_version END FROM g`,
);

/** Polls: firings, cursor and clock together, guarded by owner, epoch, cursor version and switch. */
export function pollsContract(database: Database): void {
  describe('polls', () => {
    const kit = useStoreKit(database);
    const me = newId<NodeId>();

    const open = async (): Promise<{ store: Store; epoch: number }> => {
      const store = await kit().open();
      await store.change(() => declareTriggers([{ name: 'inbox', kind: 'poll', aliases: [] }]));
      const [record] = await store.change(() => acquireTriggers(['inbox'], me));
      return { store, epoch: record?.epoch ?? -1 };
    };
    const item = (epoch: number, given: Partial<PollItem> = {}): PollItem => ({
      trigger: 'inbox',
      owner: me,
      epoch,
      cursorVersion: 0,
      declaredEnabled: true,
      cursor: undefined,
      drafts: [],
      counts: { polls: 1, skips: 0, duplicates: 0, failures: 0 },
      consecutiveFailures: 0,
      lastError: null,
      suspends: false,
      lastPollAgoMs: 0,
      ticks: [],
      flush: false,
      ...given,
    });
    const poll = (store: Store, given: PollItem): Promise<PollOutcome> => store.commits.submit(POLL, given);
    const trigger = async (store: Store): Promise<unknown> => (await rowsOf(store, 'trigger'))[0];

    it('counts a poll once although nobody knew whether its commit was done', async () => {
      const { store, epoch } = await open();
      const faulty = new FaultyDialect(store.dialect);
      const tick = (count: number): PollItem['ticks'][number] => ({
        ...{ id: firstTick, outcome: 'skipped', reason: null, count, firstAgoMs: 0, lastAgoMs: 0, durationMs: 1 },
      });
      const firstTick = newId();
      const skips = (count: number): Partial<PollItem> => ({
        ...{ flush: true, ticks: [tick(count)], counts: { polls: 1, skips: 1, duplicates: 0, failures: 0 } },
      });
      for (const [given, fault] of [
        [skips(1), 'lostAfter'],
        [skips(2), 'lostBefore'],
        [{ drafts: [draftOf()], ticks: [{ ...tick(1), id: newId(), outcome: 'fired' }] }, 'lostAfter'],
      ] as const) {
        faulty.faults = [fault];
        const polled = poll(store, item(epoch, given));
        await kit().clock.advance(1_000);
        expect(await polled).toMatchObject({ status: 'committed', wrote: true });
      }
      const row = (await trigger(store)) as Row;
      expect(['polls', 'skips', 'fires'].map((count) => Number(row[count]))).toEqual([3, 2, 1]);
      expect((await rowsOf(store, 'tick')).map((row) => row['count'])).toEqual([2, 1]);
    });

    // Cloacina case 13
    it('commits firings, cursor and clock together', async () => {
      const { store, epoch } = await open();
      const drafts = [draftOf({ dedup: wish('a') }), draftOf({ dedup: wish('b') })];
      const outcome = await poll(store, item(epoch, { drafts, cursor: '{"since":2}' }));
      expect(outcome).toMatchObject({
        status: 'committed',
        wrote: true,
        verdicts: drafts.map(({ id }) => ({ status: 'stored', firingId: id })),
      });
      expect(await trigger(store)).toMatchObject({
        cursor: '{"since":2}',
        polls: expect.anything(),
        last_poll_at: expect.anything(),
      });
      expect(await rowsOf(store, 'firing')).toHaveLength(2);
    });

    it.each<[string, (store: Store, epoch: number) => Promise<Partial<PollItem>>]>([
      ['another owner', async () => ({ owner: newId<NodeId>() })],
      ['an older epoch', async (_store, epoch) => ({ epoch: epoch - 1 })],
      ['an operator edited the cursor', async (store) => overrule(store, 'cursor')],
      ['an operator switched it off', async (store) => overrule(store, 'disabled')],
      ['the code has it off', async () => ({ declaredEnabled: false })],
      ['it has no row', async () => ({ trigger: 'unknown' })],
    ])('is superseded and writes nothing: %s', async (_why, prepare) => {
      const { store, epoch } = await open();
      const given = await prepare(store, epoch);
      const late = item(epoch, { drafts: [draftOf({ dedup: wish('a') })], cursor: '1', flush: true, ...given });
      expect(await poll(store, late)).toEqual({ status: 'superseded' });
      expect(await trigger(store)).toMatchObject({ cursor: null, last_poll_at: null });
      expect(await rowsOf(store, 'firing')).toEqual([]);
      expect(await rowsOf(store, 'dedup')).toEqual([]);
    });

    it('writes the counts of polls that were over before the trigger was switched off', async () => {
      const { store, epoch } = await open();
      await overrule(store, 'disabled');
      const { cursorVersion } = (await store.change(() => acquireTriggers(['inbox'], me)))[0] ?? { cursorVersion: -1 };
      const counts = { polls: 7, skips: 7, duplicates: 0, failures: 0 };
      const late = item(epoch + 1, { cursorVersion, counts, flush: true });
      expect((await poll(store, late)).status).toBe('superseded');
      expect((await poll(store, { ...late, countsOnly: true })).status).toBe('committed');
      const { polls, skips } = (await trigger(store)) as TriggerRow;
      expect([polls, skips].map(Number)).toEqual([7, 7]);
    });

    it('counts of two overlapping polls of one group the one of the present epoch', async () => {
      const { store, epoch } = await open();
      const [record] = await store.change(() => acquireTriggers(['inbox'], me));
      const [late, present] = await Promise.all([
        poll(store, item(epoch, { cursor: '"late"', drafts: [draftOf()] })),
        poll(store, item(record?.epoch ?? -1, { cursor: '"present"', drafts: [draftOf()] })),
      ]);
      expect([late.status, present.status]).toEqual(['superseded', 'committed']);
      expect(await trigger(store)).toMatchObject({ cursor: '"present"' });
      expect(await rowsOf(store, 'firing')).toHaveLength(1);
    });

    it('goes by an operator who switched it on although the code has it off', async () => {
      const { store, epoch } = await open();
      await overrule(store, 'enabled');
      expect((await poll(store, item(epoch, { declaredEnabled: false }))).status).toBe('committed');
    });

    it('writes nothing when nothing fired and the cursor stays', async () => {
      const { store, epoch } = await open();
      expect(await poll(store, item(epoch))).toEqual({ status: 'committed', wrote: false, verdicts: [] });
      expect(await trigger(store)).toMatchObject({ last_poll_at: null });
    });

    it('writes nothing when all it found was there already', async () => {
      const { store, epoch } = await open();
      await poll(store, item(epoch, { drafts: [draftOf({ dedup: wish('a') })] }));
      const again = await poll(store, item(epoch, { drafts: [draftOf({ dedup: wish('a') })] }));
      expect(again).toMatchObject({ status: 'committed', wrote: false, verdicts: [{ status: 'duplicate' }] });
    });

    it('keeps one row for a run of equal outcomes', async () => {
      const { store, epoch } = await open();
      const tick = {
        id: newId<NodeId>(),
        outcome: 'skipped',
        reason: 'empty',
        firstAgoMs: 500,
        lastAgoMs: 0,
        durationMs: 1.7,
      } as const;
      for (const count of [1, 7]) await poll(store, item(epoch, { flush: true, ticks: [{ ...tick, count }] }));
      expect(await rowsOf(store, 'tick')).toMatchObject([{ count: 7, outcome: 'skipped', reason: 'empty' }]);
    });

    if (database !== ':memory:') {
      it('counts as fired what was a duplicate in the try of which nobody knew that it was committed', async () => {
        const { store, epoch } = await open();
        const [engine, other] = [await FakeEngine.on(store), await FakeEngine.on(await kit().open())];
        await fire(engine.store, draftOf({ dedup: wish('a') }));
        const faulty = new FaultyDialect(store.dialect);
        faulty.faults = ['lostAfter'];
        faulty.whileLost = async () => void (await other.runAll());
        const drafts = ['a', 'b'].map((label) => draftOf({ dedup: wish(label) }));
        const tick = { id: newId(), outcome: 'fired', reason: null, count: 1 } as const;
        const ticks = [{ ...tick, firstAgoMs: 0, lastAgoMs: 0, durationMs: 1 }];
        const told = await raced(kit().clock, poll(store, item(epoch, { drafts, ticks, cursor: '1' })));
        expect(told).toMatchObject({ verdicts: [{ status: 'stored' }, { status: 'stored' }] });
        const { polls, fires, duplicates } = (await rowsOf(store, 'trigger'))[0] ?? {};
        expect([polls, fires, duplicates].map(Number)).toEqual([1, 2, 0]);
        const [written] = await rowsOf(store, 'tick');
        expect(JSON.parse(String(written?.['firing_ids']))).toEqual(drafts.map(({ id }) => id));
        expect(await rowsOf(store, 'firing')).toHaveLength(3);
      });

      it('writes one result when two nodes poll over each other', async () => {
        const { store, epoch } = await open();
        const other = await kit().open();
        const them = newId<NodeId>();
        const [taken] = await other.change(() => acquireTriggers(['inbox'], them));
        const racing = [
          poll(store, item(epoch, { cursor: '"mine"', drafts: [draftOf()] })),
          poll(other, item(taken?.epoch ?? -1, { owner: them, cursor: '"theirs"', drafts: [draftOf()] })),
        ];
        await kit().clock.advance(1_000);
        expect((await Promise.all(racing)).map(({ status }) => status)).toEqual(['superseded', 'committed']);
      });
    }

    async function overrule(store: Store, what: string): Promise<Partial<PollItem>> {
      await store.change(() => run(OVERRULE, [[what]]));
      return {};
    }
  });
}
