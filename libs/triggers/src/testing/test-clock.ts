import { Clock } from '../model/clock.js';
import type { TimerHandle } from '../model/clock.js';
import { TriggersError } from '../model/errors.js';
import type { Store } from '../store/store.service.js';

interface Timer {
  readonly at: number;
  readonly wake: () => void;
}

/** Where a {@link TestClock} starts unless it is told. */
const DEFAULT_START = '2026-01-01T00:00:00Z';
/** Turns of the event loop without news after which what a timer set off has come to rest. */
const QUIET_TURNS = 4;

/**
 * A clock that stands still until a test moves it. Instants in rows come from it too, on every database.
 *
 * @example
 * const clock = new TestClock();
 * await clock.advance(60_000); // every timer of that minute has fired, in order
 */
export class TestClock extends Clock {
  override readonly rulesTheStore = true;
  readonly #timers = new Set<Timer>();
  readonly #watched = new WeakSet<Store>();
  #begun = 0;
  #ended = 0;
  #monotonic = 0;
  #now: number;

  constructor(start: Date | string = DEFAULT_START) {
    super();
    this.#now = new Date(start).getTime();
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  /** Timers that are set. */
  get timers(): number {
    return this.#timers.size;
  }

  setTimer(wake: () => void, delayMs: number): TimerHandle {
    const timer: Timer = { at: this.#monotonic + Math.max(delayMs, 0), wake };
    this.#timers.add(timer);
    return { clear: () => this.#timers.delete(timer) };
  }

  /** Makes the wall clock jump, as an operator or NTP does: no timer fires, monotonic time stands. */
  set(now: Date | string): void {
    this.#now = new Date(now).getTime();
  }

  /** Lets time pass: fires the timers that are due in their order, and lets what they set off come to rest in between. */
  async advance(ms: number): Promise<void> {
    const end = this.#monotonic + ms;
    await this.settle();
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#passTo(Math.max(next.at, this.#monotonic));
      this.#timers.delete(next);
      next.wake();
      await this.settle();
    }
    this.#passTo(end);
    await this.settle();
  }

  /** Lets promises, immediates and the work of watched stores come to rest; time stands. */
  async settle(): Promise<void> {
    for (let quiet = 0, seen = -1; quiet < QUIET_TURNS;) {
      await new Promise((resolve) => setImmediate(resolve));
      quiet = this.#begun === this.#ended && this.#ended === seen ? quiet + 1 : 0;
      seen = this.#ended;
    }
  }

  /** Waits for the transactions and reads of a store whenever it settles: no database is too slow for it then. */
  watch(store: Store): void {
    if (this.#watched.has(store)) return;
    this.#watched.add(store);
    const { dialect } = store;
    const [transaction, read] = [dialect.transaction.bind(dialect), dialect.read.bind(dialect)];
    dialect.transaction = (work) => this.#wait(transaction(work));
    dialect.read = (statement, rows) => this.#wait(read(statement, rows));
  }

  async #wait<R>(work: Promise<R>): Promise<R> {
    this.#begun += 1;
    try {
      return await work;
    } finally {
      this.#ended += 1;
    }
  }

  #next(until: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers)
      if (timer.at <= until && (first === undefined || timer.at < first.at)) first = timer;
    return first;
  }

  #passTo(monotonic: number): void {
    this.#now += monotonic - this.#monotonic;
    this.#monotonic = monotonic;
  }
}

/** The clock as one that a test moves. @throws TRG_TEST_SETUP for another one */
export function movable(clock: Clock): TestClock {
  if (clock instanceof TestClock) return clock;
  throw new TriggersError(
    'TRG_TEST_SETUP',
    'This application runs on the clock of the machine, which no test can move. Start it with TriggersTestKit.create() or .from(), or override the provider Clock with a TestClock.',
  );
}
