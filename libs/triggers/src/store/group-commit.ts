import type { Clock, TimerHandle } from '../model/clock.js';
import type { EventBus } from '../model/events.js';
import { errorMessage } from '../model/text.js';
import type { Claimer, ReadyTask } from './claimer.js';
import type { Followers } from './followers.js';
import { TransactionFailure } from './dialects/dialect.js';
import type { Dialect } from './dialects/dialect.js';
import { away, closed, tooMuch } from './commit-errors.js';
import { CommitScope } from './commit-kind.js';
import type { CommitKind } from './commit-kind.js';
import { byKind, runParts, tell } from './commit-parts.js';
import { CommitQueue, Entry } from './commit-queue.js';

const BUSY_DELAYS_MS = [1, 2, 5, 10, 20, 50] as const;
const AWAY_DELAYS_MS = [50, 100, 250, 500, 1_000] as const;

/** How a caller wants its item treated. */
export interface SubmitOptions<Outcome = unknown> {
  /** Give up after this long when the database is away, and count towards the limits of what may wait. @default keep it for ever */
  readonly deadlineMs?: number;
  /** Told the outcome in the turn of the commit, before claimed tasks are handed out. */
  readonly onCommitted?: (outcome: Outcome) => void;
}

/**
 * Group commit: concurrent writes of this process are folded into one transaction.
 *
 * 1. Ids are chosen before the first try, so a repeat is recognised and answered as success.
 * 2. Items are sorted by kind; each kind touches its rows in the order of their keys, or first locks in that order what they
 *    belong to; equal keys are folded before they reach SQL.
 * 3. Order of kinds: finishes and releases, then polls, follow-ups and firings, then operators' changes, then claims.
 * 4. On any error but "store away" the group is rolled back and repeated item by item, so only the guilty one fails.
 *    A deadlock or a serialization failure repeats the group. An unknown COMMIT outcome is resolved by repeating the
 *    items in a mode that reads back what is already there.
 * 5. A group has at most 200 items and 4 MiB.
 *
 * While the database is away, items wait in their order; those with a deadline fail when it passes, unless a COMMIT with
 * them ended in an unknown way. One transaction is on its way at a time, so what arrives meanwhile makes the next group.
 * After a commit, outcomes are told in the order of kinds, and only then are claimed tasks handed to the engine.
 */
export class GroupCommit {
  claimer: Claimer | null = null;
  /** Who follows ends of executions. While nobody does, ends cost nothing more. */
  followers: Followers | null = null;
  /**
   * A commit left tasks ready that nobody has claimed, the first of them after `inMs`; told in its turn, whether this process runs
   * tasks or not. `tasks`: those that the commit knows; there may be more.
   */
  onReady: (inMs: number, tasks: readonly ReadyTask[]) => void = () => undefined;
  readonly #queue = new CommitQueue();
  #scheduled = false;
  #running: Promise<unknown> | undefined;
  #awaySince: number | undefined;
  #retries = 0;
  #pause: TimerHandle | undefined;
  #closing = false;
  #closed = false;
  #deadlines: TimerHandle | undefined;
  #firstDeadline = Infinity;
  readonly #idle: (() => void)[] = [];

  constructor(
    private readonly dialect: Dialect,
    private readonly clock: Clock,
    private readonly events: EventBus,
  ) {}

  /** Items that wait for their commit. */
  get waiting(): number {
    return this.#queue.size;
  }

  /** Whether the database did not answer the last time. */
  get isAway(): boolean {
    return this.#awaySince !== undefined;
  }

  /**
   * Commits one item together with whatever else is on its way.
   *
   * @throws TRG_STORE_UNAVAILABLE when the deadline passes or too much waits; the database's error when the item itself is
   *   at fault
   */
  submit<Item, Outcome>(
    kind: CommitKind<Item, Outcome>,
    item: Item,
    options: SubmitOptions<Outcome> = {},
  ): Promise<Outcome> {
    const { deadlineMs, onCommitted } = options;
    const deadline = deadlineMs === undefined ? null : this.clock.monotonic() + deadlineMs;
    return new Promise<Outcome>((resolve, reject) => {
      const entry = new Entry(
        kind,
        item,
        kind.bytes(item),
        deadline,
        onCommitted as Entry['onCommitted'],
        resolve as Entry['resolve'],
        reject,
      );
      if (this.#closed) return entry.fail(closed());
      if (deadline !== null && this.#queue.isFull(entry)) return entry.fail(tooMuch());
      this.#queue.push(entry);
      if (deadline !== null) this.#watchDeadline(deadline);
      this.#schedule();
    });
  }

  /** Resolves when nothing waits and nothing is on its way. */
  async whenIdle(): Promise<void> {
    if (this.#queue.size === 0 && this.#running === undefined) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /**
   * While the application stops, whoever waits to learn what became of a COMMIT waits no longer than its deadline: the stop waits for
   * claims and others that are on their way, and the database may be away for ever.
   */
  hurry(on: boolean): void {
    this.#queue.givesUpUnknown = on;
    this.#dropLate();
    this.#watchDeadline(this.#queue.firstDeadline());
  }

  /** Commits what waits if the database answers, then refuses everything. */
  async close(): Promise<void> {
    this.#closing = true;
    if (!this.isAway) await this.whenIdle();
    this.#closed = true;
    this.#pause?.clear();
    this.#pause = undefined;
    this.#deadlines?.clear();
    await this.#running;
    for (const entry of this.#queue.clear()) entry.fail(away('the application stops'));
  }

  #schedule(): void {
    if (this.#scheduled || this.#running !== undefined || this.#pause !== undefined || this.#closed) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (this.#queue.size === 0 || this.#running !== undefined) return;
      this.#running = this.#commit(this.#queue.takeGroup()).finally(() => {
        this.#running = undefined;
        if (this.#queue.size > 0) this.#schedule();
        if (this.#queue.size === 0 || (this.#closing && this.isAway)) this.#tellIdle();
      });
    });
  }

  #tellIdle(): void {
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** One timer for all deadlines, set for the first: a database that hangs is no reason to let those wait that are not on their way. */
  #watchDeadline(deadline: number): void {
    if (deadline >= this.#firstDeadline) return;
    this.#deadlines?.clear();
    this.#firstDeadline = deadline;
    this.#deadlines = this.clock.setTimer(() => {
      this.#firstDeadline = Infinity;
      this.#dropLate();
      this.#watchDeadline(this.#queue.firstDeadline());
    }, deadline - this.clock.monotonic());
  }

  /** Returns whether the group was settled, or is kept because the database could not take it. */
  async #commit(group: readonly Entry[]): Promise<'settled' | 'kept'> {
    const parts = byKind(group);
    const scope = new CommitScope(
      this.claimer,
      group.some((entry) => entry.unknown),
      this.followers,
    );
    let outcomes: readonly (readonly unknown[])[];
    try {
      outcomes = await this.dialect.transaction(() => runParts(parts, scope));
    } catch (error) {
      scope.failed();
      return this.#failed(
        group,
        error instanceof TransactionFailure ? error : new TransactionFailure('item', 'rolledBack', error),
      );
    }
    this.#succeeded();
    tell(parts, outcomes);
    scope.succeeded();
    if (scope.readyInMs !== null) this.onReady(scope.readyInMs, scope.ready);
    return 'settled';
  }

  async #failed(group: readonly Entry[], failure: TransactionFailure): Promise<'settled' | 'kept'> {
    if (failure.outcome === 'unknown') for (const entry of group) entry.unknown = true;
    if (failure.trouble === 'item') return this.#repeatSingly(group, failure);
    this.#keep(group);
    if (failure.trouble === 'away') this.#wentAway(failure);
    const delays = failure.trouble === 'away' ? AWAY_DELAYS_MS : BUSY_DELAYS_MS;
    const delayMs = delays[Math.min(this.#retries, delays.length - 1)] ?? 0;
    this.#retries += 1;
    if (this.#closed) return 'kept';
    this.#pause = this.clock.setTimer(() => {
      this.#pause = undefined;
      this.#dropLate();
      this.#schedule();
    }, delayMs);
    return 'kept';
  }

  async #repeatSingly(group: readonly Entry[], failure: TransactionFailure): Promise<'settled' | 'kept'> {
    const [only] = group;
    if (only !== undefined && group.length === 1) only.fail(failure.cause);
    else {
      for (const [at, entry] of group.entries()) {
        if ((await this.#commit([entry])) === 'settled') continue;
        this.#keep(group.slice(at + 1), 1);
        return 'kept';
      }
    }
    return 'settled';
  }

  #keep(group: readonly Entry[], after = 0): void {
    this.#queue.putBack(group, after);
    this.#dropLate();
  }

  /** Whoever waits until nothing waits is told also when the last item was late. */
  #dropLate(): void {
    this.#queue.dropLate(this.clock.monotonic());
    if (this.#queue.size === 0 && this.#running === undefined) this.#tellIdle();
  }

  #wentAway(failure: TransactionFailure): void {
    if (this.#awaySince !== undefined) return;
    this.#awaySince = this.clock.monotonic();
    this.events.emit('store.away', { error: errorMessage(failure.cause) });
  }

  #succeeded(): void {
    this.#retries = 0;
    if (this.#awaySince === undefined) return;
    this.events.emit('store.back', { afterMs: Math.round(this.clock.monotonic() - this.#awaySince) });
    this.#awaySince = undefined;
  }
}
