import { Client } from 'pg';
import type { FiringId } from '../model/ids.js';
import { newId } from '../model/ids.js';
import { fire } from '../store/contract/work.contract.js';
import { rowsOf, useStoreKit } from '../store/contract/kit.contract.js';
import type { Row } from '../store/dialects/batch.js';
import { TransactionFailure } from '../store/dialects/dialect.js';
import type { Store } from '../store/store.service.js';
import { declareTriggers } from '../store/trigger.repository.js';
import { IntakeCounter } from './intake-counter.js';

const SECOND = 1_000;

describe('IntakeCounter', () => {
  const kit = useStoreKit(':memory:');
  let store: Store;
  let counter: IntakeCounter;

  beforeEach(async () => {
    store = await kit().open();
    counter = new IntakeCounter(store, kit().clock);
    const trigger = (name: string) => ({ name, kind: 'manual' as const, aliases: [] });
    await store.change(() => declareTriggers([trigger('inbox'), trigger('mail')]));
  });

  const triggers = async (): Promise<readonly Row[]> => rowsOf(store, 'trigger', 'name');
  const fired = async (): Promise<FiringId> => {
    const verdict = await fire(store, { trigger: null });
    return (verdict as { firingId: FiringId }).firingId;
  };

  it('writes what was counted a second after the first, in one commit', async () => {
    const [one, other] = [await fired(), await fired()];
    const change = jest.spyOn(store, 'change');
    const began = kit().clock.now();
    counter.duplicate(other);
    await kit().clock.advance(SECOND - 1);
    for (let repeat = 0; repeat < 3; repeat += 1) counter.duplicate(one);
    counter.fired('mail', 'duplicates');
    counter.fired('inbox', 'fires');
    counter.fired('inbox', 'fires');
    counter.fired('inbox', 'duplicates');
    expect(change).not.toHaveBeenCalled();
    await kit().clock.advance(1);
    expect(change).toHaveBeenCalledTimes(1);
    expect((await rowsOf(store, 'firing', 'id')).map((row) => row['duplicates'])).toEqual([3, 1]);
    const [inbox, mail] = await triggers();
    expect(inbox).toMatchObject({ fires: 2, duplicates: 1, last_fire_at: new Date(began + SECOND).toISOString() });
    expect(mail).toMatchObject({ fires: 0, duplicates: 1, last_fire_at: null });
  });

  it('counts nothing twice whose COMMIT may have been done before the connection broke', async () => {
    const { dialect } = store;
    const transaction = dialect.transaction.bind(dialect);
    jest.spyOn(dialect, 'transaction').mockImplementationOnce(async (work) => {
      await transaction(work);
      throw new TransactionFailure('away', 'unknown', new Error('Connection terminated unexpectedly'));
    });
    counter.fired('inbox', 'fires');
    await kit().clock.advance(SECOND);
    await kit().clock.advance(SECOND);
    expect((await triggers())[0]).toMatchObject({ fires: 1 });
    counter.fired('inbox', 'fires');
    await kit().clock.advance(SECOND);
    expect((await triggers())[0]).toMatchObject({ fires: 2 });
  });

  it('counts the messages that have failed', async () => {
    for (let times = 0; times < 2; times += 1) counter.fired('inbox', 'failures');
    await counter.flush();
    expect((await triggers())[0]).toMatchObject({ fires: 0, duplicates: 0, failures: 2, last_fire_at: null });
  });

  it('counts anew after each writing', async () => {
    for (let round = 0; round < 2; round += 1) {
      counter.fired('inbox', 'fires');
      await kit().clock.advance(SECOND);
    }
    expect((await triggers())[0]).toMatchObject({ fires: 2 });
  });

  it('writes at once when it is asked, and not again', async () => {
    const { timers } = kit().clock;
    counter.fired('inbox', 'fires');
    await counter.flush();
    expect((await triggers())[0]).toMatchObject({ fires: 1 });
    expect(kit().clock.timers).toBe(timers);
  });

  it('writes nothing where nothing was counted', async () => {
    const change = jest.spyOn(store, 'change');
    await counter.flush();
    expect(change).not.toHaveBeenCalled();
  });

  it('writes where there are only duplicates, and where there are only fires', async () => {
    const change = jest.spyOn(store, 'change');
    counter.duplicate(await fired());
    await counter.flush();
    counter.fired('inbox', 'fires');
    await counter.flush();
    expect(change).toHaveBeenCalledTimes(2);
  });

  it('drops its counts while the database is away, and goes on when that is back', async () => {
    const away = jest.spyOn(store.commits, 'isAway', 'get').mockReturnValue(true);
    const change = jest.spyOn(store, 'change');
    counter.fired('inbox', 'fires');
    await counter.flush();
    expect(change).not.toHaveBeenCalled();
    away.mockReturnValue(false);
    counter.fired('inbox', 'fires');
    await counter.flush();
    expect((await triggers())[0]).toMatchObject({ fires: 1 });
  });

  it('lets nobody wait for, or fail by, a count that cannot be written', async () => {
    jest.spyOn(store, 'change').mockRejectedValueOnce(new Error('away'));
    counter.fired('inbox', 'fires');
    await expect(counter.flush()).resolves.toBeUndefined();
  });

  it('gives rows in one order, whichever was counted first', async () => {
    const [a, b, c] = [await fired(), await fired(), await fired()] as const;
    const wrote = jest.spyOn(store, 'change');
    for (const id of [b, c, a]) counter.duplicate(id);
    for (const name of ['mail', 'other', 'inbox']) counter.fired(name, 'fires');
    await counter.flush();
    const work = wrote.mock.calls[0]?.[0];
    const [fires, , duplicates] = [...rowsIn(work)];
    expect(fires?.map(([name]) => name)).toEqual(['inbox', 'mail', 'other']);
    expect(duplicates?.map(([id]) => id)).toEqual([a, b, c]);
  });
});

describe('IntakeCounter and rows that somebody has locked', () => {
  const kit = useStoreKit(':memory:');
  let store: Store;
  let counter: IntakeCounter;
  let change: jest.SpyInstance<Promise<unknown>, [work: unknown]>;
  const fires = async (): Promise<number[]> =>
    (await rowsOf(store, 'trigger', 'name')).map((row) => Number(row['fires']));

  beforeEach(async () => {
    store = await kit().open();
    counter = new IntakeCounter(store, kit().clock);
    const trigger = (name: string) => ({ name, kind: 'manual' as const, aliases: [] });
    await store.change(() => declareTriggers([trigger('inbox'), trigger('mail')]));
    change = jest.spyOn(store, 'change') as unknown as typeof change;
  });

  it('are counted a second later, and no others', async () => {
    const verdicts = [await fire(store, { trigger: null }), await fire(store, { trigger: null })];
    const [locked, free] = verdicts.map((one) => (one as { firingId: FiringId }).firingId) as [FiringId, FiringId];
    change.mockResolvedValueOnce(new Set(['inbox', locked]));
    for (const name of ['inbox', 'mail']) counter.fired(name, 'fires');
    for (const id of [locked, free]) counter.duplicate(id);
    await counter.flush();
    expect(await fires()).toEqual([0, 0]);
    await kit().clock.advance(SECOND);
    expect(await fires()).toEqual([1, 0]);
    expect((await rowsOf(store, 'firing', 'id')).map((row) => Number(row['duplicates']))).toEqual([1, 0]);
  });

  it('are not waited for at the end, and again when it goes on', async () => {
    change.mockResolvedValueOnce(new Set(['inbox']));
    counter.fired('inbox', 'fires');
    await counter.end();
    await kit().clock.advance(SECOND);
    expect([change.mock.calls.length, await fires()]).toEqual([1, [0, 0]]);
    change.mockResolvedValueOnce(new Set(['inbox']));
    counter.fired('inbox', 'fires');
    await counter.flush();
    await kit().clock.advance(SECOND);
    expect(await fires()).toEqual([1, 0]);
  });

  it('are those that are there and were not counted: what was pruned is none', async () => {
    const [one, gone] = [newId<FiringId>(), newId<FiringId>()];
    change.mockResolvedValueOnce(new Set());
    for (const name of ['inbox', 'mail']) counter.fired(name, 'fires');
    for (const id of [one, gone]) counter.duplicate(id);
    await counter.flush();
    const asked = askedBy(change.mock.calls[0]?.[0], false);
    const rows = [asked.next().value];
    for (const answer of [[{ counted: 'mail' }], [{ present: 'inbox' }], []]) rows.push(asked.next(answer).value);
    expect(rows.map((statement) => (statement as Asked).rows.map(([key]) => key))).toEqual([
      ['inbox', 'mail'],
      ['inbox'],
      [one, gone],
      [one, gone],
    ]);
    expect(asked.next([{ present: one }])).toEqual({ done: true, value: new Set(['inbox', one]) });
  });

  it('are counted once, also where a commit is repeated: but then what is new to it', async () => {
    change.mockResolvedValueOnce(new Set());
    counter.fired('inbox', 'fires');
    await counter.flush();
    const work = change.mock.calls[0]?.[0];
    expect(askedBy(work, true).next()).toMatchObject({ done: false, value: { rows: [['inbox', 1, 0, 0]] } });
    expect(askedBy(work, true).next()).toEqual({ done: true, value: new Set() });
  });
});

describe('IntakeCounter on postgres', () => {
  const kit = useStoreKit('postgres');

  it('waits for no row that another transaction has locked, and counts it a second later', async () => {
    const store = await kit().open();
    const counter = new IntakeCounter(store, kit().clock);
    await store.change(() => declareTriggers([{ name: 'inbox', kind: 'manual', aliases: [] }]));
    const [locked, free] = [await fire(store, { trigger: null }), await fire(store, { trigger: null })];
    const [lockedId, freeId] = [locked, free].map((one) => (one as { firingId: FiringId }).firingId) as [
      FiringId,
      FiringId,
    ];
    const { options } = kit();
    const other = new Client({ connectionString: (options as { url: string }).url });
    await other.connect();
    const counts = async (): Promise<unknown> => {
      const firings = (await rowsOf(store, 'firing', 'id')).map((row) => Number(row['duplicates']));
      const fires = (await rowsOf(store, 'trigger', 'name')).map((row) => Number(row['fires']));
      return { firings, fires };
    };
    try {
      await other.query(`BEGIN; SET LOCAL search_path = ${(options as { schema: string }).schema}`);
      await other.query('SELECT 1 FROM triggers_firing WHERE id = $1 FOR UPDATE', [lockedId]);
      await other.query('SELECT 1 FROM triggers_trigger FOR UPDATE');
      for (const id of [lockedId, freeId, newId<FiringId>()]) counter.duplicate(id);
      counter.fired('inbox', 'fires');
      await counter.flush();
      expect(await counts()).toEqual({ firings: [0, 1], fires: [0] });
      await other.query('ROLLBACK');
      const change = jest.spyOn(store, 'change');
      await kit().clock.advance(SECOND);
      await Promise.all(change.mock.results.map(({ value }) => value as Promise<unknown>));
      expect(await counts()).toEqual({ firings: [1, 1], fires: [1] });
      await kit().clock.advance(SECOND);
      expect(change).toHaveBeenCalledTimes(1);
    } finally {
      await other.end();
    }
  });
});

interface Asked {
  readonly rows: readonly (readonly unknown[])[];
}

/** What a piece of work asks for, statement by statement. */
function askedBy(work: unknown, repeated: boolean): Generator<Asked, unknown, unknown> {
  return (work as (scope: object) => Generator<Asked, unknown, unknown>)({ repeated });
}

/** The rows of every statement that a piece of work asks for. */
function* rowsIn(work: unknown): Generator<readonly (readonly unknown[])[]> {
  const asked = askedBy(work, false);
  for (let next = asked.next(); !next.done; next = asked.next([])) yield next.value.rows;
}
