import fc from 'fast-check';
import { isTriggersError } from '../model/errors.js';
import { EventBus } from '../model/events.js';
import type { NodeId } from '../model/ids.js';
import { PROPERTY_TIMEOUT_MS, runs } from '../testing/properties.contract.js';
import { TestClock } from '../testing/test-clock.js';
import type { ClaimedTask, Claimer } from './claimer.js';
import type { CommitKind, CommitScope } from './commit-kind.js';
import { MAX_GROUP_BYTES, MAX_WAITING_BYTES } from './commit-queue.js';
import { FAULTS, FaultyDialect } from './contract/faulty-dialect.contract.js';
import type { Fault } from './contract/faulty-dialect.contract.js';
import type { Work } from './dialects/batch.js';
import { TransactionFailure } from './dialects/dialect.js';
import type { Dialect } from './dialects/dialect.js';
import { GroupCommit } from './group-commit.js';

const HUGE_BYTES = 8 * 1_048_576;
const SLOTS = 5;

const items = fc.record({
  kind: fc.constantFrom('early' as const, 'late' as const),
  isPoison: fc.nat({ max: 5 }).map((one) => one === 5),
  claims: fc.boolean(),
  deadlineMs: fc.option(fc.integer({ min: 50, max: 3_000 })),
  isHuge: fc.nat({ max: 4 }).map((one) => one === 4),
});
type Given = typeof items extends fc.Arbitrary<infer G> ? G : never;
type Item = Given & { readonly name: string };

const faults = fc.array(fc.oneof(fc.constant('none' as const), fc.constantFrom(...FAULTS)), { maxLength: 8 });

/** A database whose every statement takes as long as the scheduler wants. It stores what a committed transaction wrote. */
class ScheduledDatabase {
  /** Names in the order in which they were stored. */
  readonly stored: string[] = [];
  /** What the transaction on its way has written. */
  #staged: string[] = [];

  constructor(readonly scheduler: fc.Scheduler) {}

  async transaction<R>(work: () => Work<R>): Promise<R> {
    this.#staged = [];
    const unit = work();
    try {
      let next = unit.next();
      while (next.done !== true) {
        await this.scheduler.schedule(Promise.resolve(), 'a statement');
        next = unit.next([]);
      }
      await this.scheduler.schedule(Promise.resolve(), 'COMMIT');
      this.stored.push(...this.#staged.splice(0));
      return next.value;
    } catch (error) {
      throw new TransactionFailure('item', 'rolledBack', error);
    }
  }

  /** Writes items, and claims for those that want it; recognises what is there only where it is told to look. */
  kind(name: string, order: number): CommitKind<Item, string> {
    const run = (written: readonly Item[], scope: CommitScope): Work<readonly string[]> => this.#write(written, scope);
    return { name, order, bytes: ({ isHuge }) => (isHuge ? HUGE_BYTES : 100), run };
  }

  *#write(written: readonly Item[], scope: CommitScope): Work<readonly string[]> {
    for (const { name, isPoison, claims } of written) {
      yield undefined as never;
      if (isPoison) throw new Error(`${name} is poison`);
      if (scope.repeated && this.stored.includes(name)) continue;
      this.#staged.push(name);
      if (claims && scope.reserveSlots(1) === 1) scope.claimed({ task: name } as ClaimedTask);
    }
    return written.map(({ name }) => `stored ${name}`);
  }
}

/** Slots, and the tasks that it was told of. */
class Slots implements Claimer {
  readonly nodeId = 'node' as NodeId;
  readonly declared = [];
  readonly pools = [];
  readonly isQuiet = false;
  readonly started: string[] = [];
  slots = SLOTS;

  accepts(): boolean {
    return true;
  }

  poolOf(): undefined {
    // Its tasks have none.
  }

  poolsInTurn(): readonly string[] {
    return this.pools;
  }

  takeSlots(wanted: number): number {
    const taken = Math.min(wanted, this.slots);
    this.slots -= taken;
    return taken;
  }

  giveBackSlots(places: number): void {
    this.slots += places;
  }

  start(tasks: readonly ClaimedTask[]): void {
    this.started.push(...tasks.map(({ task }) => task));
  }
}

/** What a caller was told. */
interface Sent {
  readonly item: Item;
  /** How often it was told in the turn of a commit. */
  told: number;
  outcome: PromiseSettledResult<string> | null;
  /** Bytes that waited or were on their way when it came; `null` before it came. */
  bytesBefore: number | null;
  isAfterClose: boolean;
}

/** Group commit over a database that a scheduler drives. */
class Race {
  readonly clock = new TestClock();
  readonly database: ScheduledDatabase;
  readonly faulty: FaultyDialect;
  readonly claimer = new Slots();
  readonly commits: GroupCommit;
  readonly sent: Sent[] = [];
  readonly #kinds: Record<Given['kind'], CommitKind<Item, string>>;
  /** From the moment that it was asked for. */
  isClosed = false;

  constructor(
    readonly scheduler: fc.Scheduler,
    met: readonly Fault[],
  ) {
    this.database = new ScheduledDatabase(scheduler);
    const dialect = this.database as unknown as Dialect;
    this.faulty = new FaultyDialect(dialect);
    this.faulty.faults = [...met];
    const bus = new EventBus(
      () => this.clock.now(),
      (message) => {
        throw new Error(message);
      },
    );
    this.commits = new GroupCommit(dialect, this.clock, bus);
    this.commits.claimer = this.claimer;
    this.#kinds = { early: this.database.kind('early', 0), late: this.database.kind('late', 1) };
  }

  get openBytes(): number {
    const open = this.sent.filter(({ outcome, bytesBefore }) => outcome === null && bytesBefore !== null);
    return open.reduce((sum, { item }) => sum + this.#kinds[item.kind].bytes(item), 0);
  }

  /** One caller; comes when the scheduler lets it. */
  async call(given: Given, at: number): Promise<void> {
    const sent: Sent = {
      item: { ...given, name: `i${at}` },
      told: 0,
      outcome: null,
      bytesBefore: null,
      isAfterClose: false,
    };
    this.sent.push(sent);
    await this.scheduler.schedule(Promise.resolve(), `caller ${at}`);
    Object.assign(sent, { bytesBefore: this.openBytes, isAfterClose: this.isClosed });
    const { deadlineMs } = given;
    const onCommitted = (): void => void (sent.told += 1);
    const work = this.commits.submit(
      this.#kinds[given.kind],
      sent.item,
      deadlineMs === null ? { onCommitted } : { onCommitted, deadlineMs },
    );
    sent.outcome = (await Promise.allSettled([work]))[0];
  }

  async closing(): Promise<void> {
    await this.scheduler.schedule(Promise.resolve(), 'close');
    this.isClosed = true;
    await this.commits.close();
  }

  async passing(ms: number): Promise<void> {
    await this.scheduler.schedule(Promise.resolve(), 'time passes');
    await this.clock.advance(ms);
  }

  /** Lets the scheduler decide until everybody was told; time passes when there is nothing left to decide. */
  async run(all: Promise<unknown>): Promise<void> {
    const race = { isOver: false };
    void all.then(() => (race.isOver = true));
    for (let left = 5_000; !race.isOver; left -= 1) {
      if (left === 0) throw new Error('Somebody is never told.');
      if (this.scheduler.count() > 0) await this.scheduler.waitOne();
      else await this.clock.advance(50);
    }
  }

  expectHonest(met: readonly Fault[]): void {
    const { stored } = this.database;
    expect(new Set(stored).size).toBe(stored.length);
    for (const sent of this.sent) this.#expectTruth(sent, met.includes('lostAfter'));
    const isFree = (name: string): boolean => this.claimer.started.filter((one) => one === name).length <= 1;
    expect(this.claimer.started.every((name) => isFree(name) && stored.includes(name))).toBe(true);
    expect(this.claimer.slots).toBe(SLOTS - this.claimer.started.length);
    expect(this.commits.waiting).toBe(0);
  }

  #expectTruth({ item, told, outcome, isAfterClose }: Sent, mayBeUnknown: boolean): void {
    const stands = this.database.stored.includes(item.name);
    if (outcome?.status === 'fulfilled') {
      expect([outcome.value, told, stands, item.isPoison]).toEqual([`stored ${item.name}`, 1, true, false]);
      return;
    }
    expect(told).toBe(0);
    const reason: unknown = outcome?.reason;
    if (isTriggersError(reason, 'TRG_ENG_STOPPED')) expect([isAfterClose, stands]).toEqual([true, false]);
    else if (isTriggersError(reason, 'TRG_STORE_UNAVAILABLE')) {
      expect(item.deadlineMs !== null || this.isClosed).toBe(true);
      // An item whose COMMIT is lost is kept for a repeat, unless the process stops meanwhile.
      if (!(mayBeUnknown && this.isClosed)) expect(stands).toBe(false);
    } else expect([String(reason), item.isPoison, stands]).toEqual([`Error: ${item.name} is poison`, true, false]);
  }
}

describe('GroupCommit under a scheduler', () => {
  it(
    'tells every caller once what became of its own item, whatever fails, whoever is late, and whenever it is closed',
    async () => {
      const times = fc.array(fc.constantFrom(50, 600, 4_000), { maxLength: 3 });
      const calls = fc.array(items, { minLength: 1, maxLength: 14 });
      await fc.assert(
        fc.asyncProperty(
          fc.scheduler(),
          calls,
          faults,
          times,
          fc.boolean(),
          async (scheduler, given, met, passing, closes) => {
            const race = new Race(scheduler, met);
            const all: Promise<void>[] = given.map((item, at) => race.call(item, at));
            all.push(...passing.map((ms) => race.passing(ms)));
            if (closes) all.push(race.closing());
            await race.run(Promise.all(all));
            race.expectHonest(met);
          },
        ),
        runs(600),
      );
    },
    PROPERTY_TIMEOUT_MS,
  );

  it(
    'keeps no more bytes waiting than it says, refuses at once what is too much, and nothing before',
    async () => {
      const calls = fc.array(
        items.map((item) => ({ ...item, isHuge: item.isHuge || item.claims, isPoison: false })),
        { minLength: 12, maxLength: 30 },
      );
      await fc.assert(
        fc.asyncProperty(fc.scheduler(), calls, faults, async (scheduler, given, met) => {
          const race = new Race(scheduler, met);
          const passing = [4_000, 4_000, 4_000].map((ms) => race.passing(ms));
          await race.run(Promise.all([...given.map((item, at) => race.call(item, at)), ...passing]));
          race.expectHonest(met);
          for (const { item, outcome, bytesBefore } of race.sent) {
            const bytes = item.isHuge ? HUGE_BYTES : 100;
            const isRefused = outcome?.status === 'rejected' && String(outcome.reason).includes('Too much waits');
            const wouldWait = (bytesBefore ?? 0) + bytes;
            if (item.deadlineMs === null) expect(isRefused).toBe(false);
            else if (isRefused) expect(wouldWait).toBeGreaterThan(MAX_WAITING_BYTES);
            // What is on its way does not wait any more: one group.
            else expect(wouldWait - Math.max(HUGE_BYTES, MAX_GROUP_BYTES)).toBeLessThanOrEqual(MAX_WAITING_BYTES);
          }
        }),
        runs(150),
      );
    },
    PROPERTY_TIMEOUT_MS,
  );
});
