import type { Clock, TimerHandle } from '../../../model/clock.js';

/** The most bodies in memory at once. */
export const MAX_BODIES = 64;
/** The most requests that wait to be read, unread in their sockets. */
export const MAX_WAITING = 1_000;
/** So long a request waits to be read before it is told to come again. */
export const MAX_WAIT_MS = 2_000;

/** Gives one body back; the second call does nothing. */
export type Release = () => void;

interface Waiter {
  readonly timer: TimerHandle;
  readonly go: (release: Release | null) => void;
}

/** Bounds the memory that bodies take: {@link MAX_BODIES} are read or held until they are answered, the others wait. */
export class BodySlots {
  #taken = 0;
  readonly #waiting: Waiter[] = [];

  constructor(private readonly clock: Clock) {}

  /** Settles when the body may be read; `null` when that takes too long, or too many wait already. */
  take(): Promise<Release | null> {
    if (this.#taken < MAX_BODIES) return Promise.resolve(this.#give());
    if (this.#waiting.length >= MAX_WAITING) return Promise.resolve(null);
    return new Promise((go) => {
      const waiter = { go, timer: this.clock.setTimer(() => this.#giveUp(waiter), MAX_WAIT_MS) };
      this.#waiting.push(waiter);
    });
  }

  #give(): Release {
    this.#taken += 1;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#taken -= 1;
      this.#next();
    };
  }

  #next(): void {
    const next = this.#waiting.shift();
    if (next === undefined) return;
    next.timer.clear();
    next.go(this.#give());
  }

  #giveUp(waiter: Waiter): void {
    this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
    waiter.go(null);
  }
}
