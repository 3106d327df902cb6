import { EventBus } from '../model/events.js';
import { TestClock } from '../testing/test-clock.js';
import { CHANGE } from './commits/change.commit.js';
import type { CommitKind } from './commit-kind.js';
import type { Work } from './dialects/batch.js';
import { TransactionFailure } from './dialects/dialect.js';
import type { Dialect, StoreTrouble } from './dialects/dialect.js';
import { MAX_GROUP_BYTES, MAX_GROUP_ITEMS, MAX_WAITING_BYTES, MAX_WAITING_ITEMS } from './commit-queue.js';
import { GroupCommit } from './group-commit.js';

/** What a transaction does: works, or fails so; `unknown` fails after its work was done. */
type Behaviour = 'ok' | StoreTrouble | 'unknown' | 'hangs';

/** A database that does what a test says, without one. */
class FakeDatabase {
  readonly groups: string[][] = [];
  /** For each transaction; the last one stands for all that follow. */
  behaviours: Behaviour[] = ['ok'];
  current: string[] = [];

  async transaction<R>(work: () => Work<R>): Promise<R> {
    const behaviour = this.behaviours.length > 1 ? this.behaviours.shift() : this.behaviours[0];
    this.current = [];
    const next = work().next();
    this.groups.push(this.current);
    if (behaviour === 'hangs') return new Promise<R>(() => undefined);
    if (behaviour === 'unknown') throw new TransactionFailure('away', 'unknown', new Error('reset'));
    if (behaviour !== 'ok' && behaviour !== undefined)
      throw new TransactionFailure(behaviour, 'rolledBack', new Error(behaviour));
    return next.value as R;
  }
}

function setUp() {
  const clock = new TestClock();
  const told: string[] = [];
  const bus = new EventBus(
    () => clock.now(),
    (message) => {
      throw new Error(message);
    },
  );
  bus.subscribe(({ name }) => told.push(name));
  const database = new FakeDatabase();
  const commits = new GroupCommit(database as unknown as Dialect, clock, bus);
  const change = (name: string, options = {}): Promise<unknown> =>
    commits.submit(
      CHANGE,
      (scope) => {
        database.current.push(scope.repeated ? `${name}?` : name);
        return nothing(name);
      },
      options,
    );
  return { clock, told, database, commits, change };
}

function* nothing<R>(outcome: R): Work<R> {
  yield* [];
  return outcome;
}

/** A kind of any place and size. */
function kindOf(name: string, order: number, bytes = 100): CommitKind<string, string> {
  return { name, order, bytes: () => bytes, run: (items) => nothing(items.map((item) => `${name} ${item}`)) };
}

describe('GroupCommit', () => {
  it('commits together what arrives together, in groups of at most 200', async () => {
    const { database, change } = setUp();
    await Promise.all(Array.from({ length: MAX_GROUP_ITEMS + 1 }, (_, at) => change(`${at}`)));
    expect(database.groups.map((group) => group.length)).toEqual([MAX_GROUP_ITEMS, 1]);
  });

  it('keeps groups below 4 MiB, but lets a larger item through alone', async () => {
    const { database, commits } = setUp();
    const transaction = jest.spyOn(database, 'transaction');
    const half = kindOf('half', 0, MAX_GROUP_BYTES / 2);
    const huge = kindOf('huge', 1, MAX_GROUP_BYTES * 2);
    await Promise.all([
      commits.submit(half, '1'),
      commits.submit(half, '2'),
      commits.submit(half, '3'),
      commits.submit(huge, '4'),
    ]);
    expect(transaction).toHaveBeenCalledTimes(3);
  });

  it('tells outcomes in the order of the kinds, whatever the order of arrival', async () => {
    const { commits } = setUp();
    const seen: string[] = [];
    const onCommitted = (outcome: string): void => void seen.push(outcome);
    const [late, early] = [kindOf('late', 5), kindOf('early', 0)];
    await Promise.all([
      commits.submit(late, '1', { onCommitted }),
      commits.submit(early, '2', { onCommitted }),
      commits.submit(late, '3', { onCommitted }),
      commits.submit(early, '4', { onCommitted }),
    ]);
    expect(seen).toEqual(['early 2', 'early 4', 'late 1', 'late 3']);
  });

  it('repeats a group that met a deadlock as a whole', async () => {
    const { clock, database, change } = setUp();
    database.behaviours = ['conflict', 'ok'];
    const both = Promise.all([change('a'), change('b')]);
    await clock.advance(50);
    expect(await both).toEqual(['a', 'b']);
    expect(database.groups).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
  });

  it('fails only the guilty one when an item is at fault', async () => {
    const { database, change } = setUp();
    database.behaviours = ['item', 'ok', 'item', 'ok'];
    const settled = await Promise.allSettled([change('a'), change('b'), change('c')]);
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('keeps what waits while the database is away, in its order, and commits it when it is back', async () => {
    const { clock, told, database, commits, change } = setUp();
    database.behaviours = ['away'];
    const waiting = [change('a'), change('b')];
    await clock.advance(300);
    waiting.push(change('c'));
    await clock.advance(10_000);
    expect(commits).toMatchObject({ isAway: true, waiting: 3 });
    database.behaviours = ['ok'];
    await clock.advance(1_000);
    expect(await Promise.all(waiting)).toEqual(['a', 'b', 'c']);
    expect(database.groups.at(-1)).toEqual(['a', 'b', 'c']);
    expect(commits).toMatchObject({ isAway: false, waiting: 0 });
    expect(told).toEqual(['store.away', 'store.back']);
  });

  it('keeps the order of what waits when the database goes away in the middle of single repeats', async () => {
    const { clock, database, change } = setUp();
    database.behaviours = ['item', 'ok', 'away', 'away', 'away', 'ok'];
    const all = Promise.all(['a', 'b', 'c', 'd'].map((name) => change(name)));
    await clock.advance(10_000);
    expect(await all).toEqual(['a', 'b', 'c', 'd']);
    expect(database.groups.at(-1)).toEqual(['b', 'c', 'd']);
  });

  it('tells whoever set a deadline that the store is away, and keeps the others', async () => {
    const { clock, database, commits, change } = setUp();
    database.behaviours = ['away'];
    const kept = change('kept');
    const late = change('late', { deadlineMs: 5_000 });
    const refused = expect(late).rejects.toMatchObject({ code: 'TRG_STORE_UNAVAILABLE' });
    await clock.advance(6_000);
    await refused;
    expect(commits.waiting).toBe(1);
    database.behaviours = ['ok'];
    await clock.advance(1_000);
    expect(await kept).toBe('kept');
  });

  it('keeps a late item whose commit may have happened, and repeats it in the mode that recognises it', async () => {
    const { clock, database, change } = setUp();
    database.behaviours = ['unknown', 'away'];
    const item = change('a', { deadlineMs: 1_000 });
    await clock.advance(60_000);
    database.behaviours = ['ok'];
    await clock.advance(1_000);
    expect(await item).toBe('a');
    expect(database.groups[0]).toEqual(['a']);
    expect(database.groups.at(-1)).toEqual(['a?']);
  });

  it('refuses what has a deadline at once when too many items wait, and takes the rest', async () => {
    const { clock, database, commits, change } = setUp();
    database.behaviours = ['away'];
    const first = change('first');
    const waiting = Array.from({ length: MAX_WAITING_ITEMS - 1 }, (_, at) => change(`${at}`));
    await clock.settle();
    await expect(change('one too many', { deadlineMs: 5_000 })).rejects.toMatchObject({
      code: 'TRG_STORE_UNAVAILABLE',
    });
    waiting.push(change('without a deadline'));
    expect(commits.waiting).toBe(MAX_WAITING_ITEMS + 1);
    database.behaviours = ['ok'];
    await clock.advance(1_000);
    while (commits.waiting > 0) await clock.settle();
    await Promise.all([first, ...waiting]);
  });

  it('refuses what has a deadline at once when too many bytes wait', async () => {
    const { clock, database, commits } = setUp();
    database.behaviours = ['away'];
    const big = kindOf('big', 0, MAX_WAITING_BYTES - 150);
    const small = kindOf('small', 0, 100);
    const waiting = [commits.submit(big, '1'), commits.submit(small, '2', { deadlineMs: 60_000 })];
    await clock.settle();
    await expect(commits.submit(small, '3', { deadlineMs: 60_000 })).rejects.toMatchObject({
      code: 'TRG_STORE_UNAVAILABLE',
    });
    database.behaviours = ['ok'];
    await clock.advance(1_000);
    await Promise.all(waiting);
  });

  it('does not let one teller that throws take the others of its group down', async () => {
    const { commits, change } = setUp();
    const kind = kindOf('kind', 0);
    const bad = commits.submit(kind, 'bad', {
      onCommitted: () => {
        throw new Error('a teller broke');
      },
    });
    const good = change('good');
    await expect(bad).rejects.toThrow('a teller broke');
    expect(await good).toBe('good');
  });

  it('tells a deadline although the database hangs', async () => {
    const { clock, database, change } = setUp();
    database.behaviours = ['hangs'];
    void change('on its way');
    await clock.settle();
    const late = expect(change('behind it', { deadlineMs: 5_000 })).rejects.toMatchObject({
      code: 'TRG_STORE_UNAVAILABLE',
    });
    await clock.advance(6_000);
    await late;
  });

  it('tells a deadline also of what may be committed while the application stops, and asks for it again otherwise', async () => {
    const { clock, database, commits, change } = setUp();
    database.behaviours = ['unknown', 'away'];
    const told: string[] = [];
    void change('maybe', { deadlineMs: 1_000 }).catch(({ code }: { code: string }) => told.push(code));
    await clock.advance(5_000);
    expect(told).toEqual([]);
    commits.hurry(true);
    await clock.settle();
    expect(told).toEqual(['TRG_STORE_UNAVAILABLE']);
    void change('maybe too', { deadlineMs: 1_000 }).catch(({ code }: { code: string }) => told.push(code));
    await clock.advance(1_000);
    expect(told).toHaveLength(2);
    commits.hurry(false);
    database.behaviours = ['ok'];
    await clock.advance(1_000);
    expect(await change('back')).toBe('back');
  });

  it('tells a short deadline in time although a longer one came before it', async () => {
    const { clock, database, change } = setUp();
    database.behaviours = ['hangs'];
    void change('on its way');
    await clock.settle();
    const told: string[] = [];
    const waits = (name: string, deadlineMs: number): void =>
      void change(name, { deadlineMs }).catch(() => told.push(`${name} after ${clock.monotonic()}ms`));
    waits('patient', 5_000);
    waits('hasty', 1_000);
    waits('in between', 1_200);
    await clock.advance(6_000);
    expect(told).toEqual(['hasty after 1000ms', 'in between after 1200ms', 'patient after 5000ms']);
  });

  describe('closing', () => {
    it('commits what waits, then refuses', async () => {
      const { commits, change } = setUp();
      const last = change('last');
      await commits.close();
      expect(await last).toBe('last');
      await expect(change('too late')).rejects.toMatchObject({ code: 'TRG_ENG_STOPPED' });
    });

    it('does not wait for a database that is away', async () => {
      const { clock, database, commits, change } = setUp();
      database.behaviours = ['away'];
      const lost = expect(change('a')).rejects.toMatchObject({ code: 'TRG_STORE_UNAVAILABLE' });
      await clock.settle();
      await commits.close();
      await lost;
    });

    it('does not wait for a database that goes away meanwhile', async () => {
      const { clock, database, commits, change } = setUp();
      database.behaviours = ['ok', 'away'];
      const waiting = Array.from({ length: MAX_GROUP_ITEMS + 1 }, (_, at) => change(`${at}`));
      const settled = Promise.allSettled(waiting);
      const closing = commits.close();
      await clock.advance(10_000);
      await closing;
      expect((await settled).filter(({ status }) => status === 'rejected')).toHaveLength(1);
    });

    it('does not wait for what was late for a busy database', async () => {
      const { clock, database, commits, change } = setUp();
      database.behaviours = ['busy'];
      const late = expect(change('late', { deadlineMs: 60 })).rejects.toMatchObject({ code: 'TRG_STORE_UNAVAILABLE' });
      await clock.settle();
      const closing = { isOver: false };
      void commits.close().then(() => (closing.isOver = true));
      await clock.advance(1_000);
      await late;
      expect(closing.isOver).toBe(true);
    });

    it('commits what waits for a busy database', async () => {
      const { clock, database, commits, change } = setUp();
      database.behaviours = ['busy', 'ok'];
      const item = change('a');
      await clock.settle();
      const closing = commits.close();
      await clock.advance(10);
      await closing;
      expect(await item).toBe('a');
    });
  });
});
