/** A timer that has been set and can be taken back. */
export interface TimerHandle {
  clear(): void;
}

/**
 * Where the time comes from: the one door to the wall clock and to timers, so that tests can move both.
 *
 * On SQLite the instants in rows come from here; on Postgres they come from the database unless the clock says otherwise.
 */
export abstract class Clock {
  /** Whether instants written to rows come from this clock even where the database has its own. */
  readonly rulesTheStore: boolean = false;
  /** Milliseconds since 1970 (UTC). May jump. */
  abstract now(): number;
  /** Whole milliseconds since some moment in the past. Never jumps back. */
  abstract monotonic(): number;
  /** Calls `wake` once after `delayMs`. */
  abstract setTimer(wake: () => void, delayMs: number): TimerHandle;
}

/** How far two clocks may differ, or one be set back, without a word: 5 s. What was written meanwhile waits that much longer. */
export const MAX_CLOCK_OFFSET_MS = 5_000;

/** No timer is set further ahead than this: due-ness is decided again on waking, and `setTimeout` overflows at 2^31 ms. */
export const MAX_TIMER_MS = 60_000;

/** The clock of the machine. */
export class SystemClock extends Clock {
  now(): number {
    return Date.now();
  }

  monotonic(): number {
    // Whole numbers need no memory of their own; an object with fractions has one more for each.
    return Math.floor(performance.now());
  }

  setTimer(wake: () => void, delayMs: number): TimerHandle {
    const timer = setTimeout(wake, Math.min(Math.max(delayMs, 0), MAX_TIMER_MS));
    return { clear: () => clearTimeout(timer) };
  }
}
