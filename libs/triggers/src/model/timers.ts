import type { Clock, TimerHandle } from './clock.js';
import { MAX_TIMER_MS } from './clock.js';
import { Heap } from './heap.js';
import type { TimerRegistry } from './timer-registry.js';

interface Entry {
  /** How often it was woken before this one was set. */
  readonly turn: number;
  readonly wake: () => void;
  live: boolean;
}

/** So many wake-ups that were taken back may always stay in the heap; more only while they are fewer than the others. */
const MAX_STALE = 1_000;

/**
 * Many wake-ups, one timer. Instants are monotonic, no timer is set more than a minute ahead, and a wake-up that is
 * taken back costs next to nothing: it stays until its turn comes, or until most of the heap is like it.
 */
export class Wakeups {
  readonly #heap = new Heap<Entry>();
  #timer: TimerHandle | undefined;
  #armedFor = Number.POSITIVE_INFINITY;
  #turn = 0;
  #stale = 0;

  constructor(
    private readonly clock: Clock,
    private readonly name: string,
    private readonly registry?: TimerRegistry,
  ) {}

  /** Wake-ups that wait. */
  get size(): number {
    return this.#heap.size - this.#stale;
  }

  /** Calls `wake` once after `delayMs`, unless it is taken back. */
  after(delayMs: number, wake: () => void): TimerHandle {
    const entry: Entry = { turn: this.#turn, wake, live: true };
    this.#heap.push(this.clock.monotonic() + Math.max(delayMs, 0), entry);
    this.#arm();
    return { clear: () => this.#takeBack(entry) };
  }

  /** Takes back every wake-up. */
  clear(): void {
    for (let entry = this.#heap.pop(); entry !== undefined; entry = this.#heap.pop()) entry.live = false;
    this.#stale = 0;
    this.#disarm();
  }

  #takeBack(entry: Entry): void {
    if (!entry.live) return;
    entry.live = false;
    this.#stale += 1;
    if (this.#stale === this.#heap.size) this.clear();
    else if (this.#stale > MAX_STALE && this.#stale * 2 > this.#heap.size) this.#forgetStale();
  }

  #forgetStale(): void {
    this.#heap.retain(({ live }) => live);
    this.#stale = 0;
  }

  #arm(): void {
    const { topKey } = this.#heap;
    if (topKey >= this.#armedFor) return;
    this.#disarm();
    const delayMs = Math.min(topKey - this.clock.monotonic(), MAX_TIMER_MS);
    this.#armedFor = topKey;
    this.#timer = this.clock.setTimer(() => this.#wake(), delayMs);
    this.registry?.show(this.name, this.#timer);
  }

  #disarm(): void {
    this.#armedFor = Number.POSITIVE_INFINITY;
    if (this.#timer === undefined) return;
    this.#timer.clear();
    this.#timer = undefined;
    this.registry?.hide(this.name);
  }

  #wake(): void {
    this.#disarm();
    const now = this.clock.monotonic();
    this.#turn += 1;
    while (this.#heap.topKey <= now) {
      const next = this.#heap.peek() as Entry;
      // A wake-up that was set while waking waits for the next turn, also when the clock stands still.
      if (next.turn === this.#turn) break;
      this.#heap.pop();
      if (next.live) {
        next.live = false;
        next.wake();
      } else {
        this.#stale -= 1;
      }
    }
    this.#arm();
  }
}
