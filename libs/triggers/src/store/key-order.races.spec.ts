import type { FinishItem } from './commits/finish.commit.js';
import type { DedupWish } from './commits/firing.draft.js';
import { draftOf, wish } from './contract/drafts.contract.js';
import type { DraftGiven } from './contract/drafts.contract.js';
import { rowsOf, useStoreKit } from './contract/kit.contract.js';
import { useOtherProcess } from './contract/other-process.contract.js';
import { raced } from './contract/racing.contract.js';
import { FAILED, FakeEngine, fire } from './contract/work.contract.js';
import { readHeld, releaseHeld } from './held.repository.js';
import type { Store } from './store.service.js';

const FOR_EVER = { scope: 'ever' } as const;
/** Two keys of one trigger in the order in which everybody locks them. */
const [first, second] = [wish('a', FOR_EVER), wish('b', FOR_EVER)].sort((a, b) => a.key.compare(b.key)) as [
  DedupWish,
  DedupWish,
];
/** Of senders: they come before all others. */
const [request, repeat] = [wish('1', { ...FOR_EVER, space: 'sender' }), wish('2', { ...FOR_EVER, space: 'sender' })];

const OFF = { declaredEnabled: false, whenDisabled: 'hold' } as const;

/** Prepares what gives keys back, and says how it is begun. */
type GiveBack = (store: Store, engine: FakeEngine) => Promise<() => Promise<unknown>>;

const letter = { key: first, windowMs: null, label: 'a', payload: '{}', origin: null };

describe('the keys of a commit on postgres, beside another process', () => {
  const kit = useStoreKit('postgres');
  const other = useOtherProcess(kit);
  const take = ({ space, key }: DedupWish): Promise<void> =>
    other().run('INSERT INTO triggers_dedup (trigger, key, firing_id) VALUES ($1, $2, $3)', [space, key, 'theirs']);

  it.each<[what: string, before: DedupWish, after: DedupWish, group: readonly DraftGiven[]]>([
    ['those of deliveries', first, second, [{ dedup: second, delivery: first }]],
    [
      'those that are only looked at',
      first,
      second,
      [{ dedup: second }, { state: 'rejected', context: null, reason: 'no amount', letter }],
    ],
    [
      'those of replays',
      first,
      second,
      [{ dedup: second }, { dedup: { ...first, scope: 'running', cooldown: false, replay: true } }],
    ],
    [
      'those of senders, also where a group has a key twice',
      repeat,
      second,
      [
        { dedup: second, idempotency: request },
        { dedup: second, idempotency: repeat },
      ],
    ],
  ])('are locked in one order, %s too: no two commits wait for each other', async (_what, before, after, group) => {
    const store = await kit().open();
    const transaction = jest.spyOn(store.dialect, 'transaction');
    await other().run('BEGIN');
    await take(before);
    const committing = raced(kit().clock, Promise.all(group.map((given) => fire(store, given))));
    expect(await other().isInTheWayOf(committing)).toBe(true);
    await take(after);
    await other().run('ROLLBACK');
    const verdicts = await committing;
    expect(verdicts[0]).toMatchObject({ status: 'stored' });
    expect(transaction).toHaveBeenCalledTimes(1);
    const holders = (await rowsOf(store, 'dedup')).map((row) => row['firing_id']);
    const stored = verdicts.flatMap((verdict) => (verdict.status === 'stored' ? [verdict.firingId] : []));
    expect(stored).toEqual(expect.arrayContaining(holders));
  });

  const finishAll =
    (end: Partial<FinishItem>): GiveBack =>
    async (_store, engine) => {
      const claimed = await engine.claim();
      return () => Promise.all(claimed.map((task) => engine.finish(task, end)));
    };
  const refuseHeld: GiveBack = async (store) => {
    const held = await store.look(() => readHeld('inbox'));
    const judged = held.map((one) => ({ ...one, draft: draftOf({ id: one.id, state: 'rejected' }) }));
    return () => store.change((scope) => releaseHeld(judged, true, scope));
  };

  it.each<[what: string, given: DraftGiven, giveBack: GiveBack]>([
    ['what has completed', {}, finishAll({})],
    ['what has failed', {}, finishAll(FAILED)],
    ['what was held and does not fit any more', { gate: OFF }, refuseHeld],
  ])('are given back in that order by %s', async (_what, given, giveBack) => {
    const store = await kit().open();
    const engine = await FakeEngine.on(store);
    for (let at = 0; at < 12; at += 1) await fire(store, { ...given, dedup: wish(`file ${at}`) });
    const begin = await giveBack(store, engine);
    await other().run('BEGIN');
    await other().run('SELECT 1 FROM triggers_dedup ORDER BY trigger, key LIMIT 1 FOR UPDATE');
    const givingBack = begin();
    expect(await other().isInTheWayOf(givingBack)).toBe(true);
    await other().run('SELECT 1 FROM triggers_dedup FOR UPDATE NOWAIT');
    await other().run('ROLLBACK');
    await givingBack;
  });
});
