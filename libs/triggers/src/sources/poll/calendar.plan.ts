import type { StoredTrigger } from '../../intake/poll-intake.js';
import { MAX_TIMER_MS } from '../../model/clock.js';
import type { Clock } from '../../model/clock.js';
import { PollPlan } from './poll-plan.js';
import { CLOCK_TOLERANCE_MS, backoffMs } from './poll-schedule.js';

/** What a calendar says of a trigger; ms since 1970 (UTC). */
export interface CalendarEntry {
  /** Everything up to here is done. */
  readonly since: number;
  /** When there is something to do next; infinity for never. */
  readonly dueAt: number;
  /** When it is tried again that failed at one instant, and would be at another. */
  readonly retryAt: (failedAt: number, planned: number) => number;
}

/** How soon after a failed poll the next one comes, doubled for each further failure. */
const RETRY_MS = 1_000;

/** There is something to do whatever the time is. */
export const AT_ONCE: CalendarEntry = {
  since: Number.NEGATIVE_INFINITY,
  dueAt: Number.NEGATIVE_INFINITY,
  retryAt: (_, planned) => planned,
};

/**
 * Polls when a calendar says so, by the clock on the wall: that may be set, so whether the time has come is asked again every
 * minute. A calendar that throws is polled at once, and that poll says what is wrong.
 */
export class CalendarPlan extends PollPlan {
  readonly keepsClock = false;
  #cursor: string | null | undefined = undefined;
  #entry = AT_ONCE;
  #isBackingOff = false;

  constructor(
    private readonly read: (stored: StoredTrigger) => CalendarEntry,
    private readonly clock: Clock,
  ) {
    super();
  }

  know(stored: StoredTrigger): boolean {
    if (stored.cursor === this.#cursor) return false;
    this.#cursor = stored.cursor;
    this.#entry = this.#entryOf(stored);
    return true;
  }

  begin({ consecutiveFailures: failures, lastPollAgoMs }: StoredTrigger, now: number): void {
    if (failures > 0) this.backOff(now - Math.max(lastPollAgoMs ?? 0, 0), failures, now);
    else this.next(now);
  }

  began(): void {
    this.#isBackingOff = false;
  }

  next(now: number): void {
    const wall = this.clock.now();
    const { since, dueAt } = this.#entry;
    // The clock was set back so far that waiting for the stored tick would be silence.
    const isAbsurd = since - wall > CLOCK_TOLERANCE_MS;
    this.nextAt = isAbsurd ? now : now + Math.max(dueAt - wall, 0);
    this.#isBackingOff = false;
  }

  backOff(startedAt: number, failures: number, now: number): void {
    const planned = Math.max(startedAt + backoffMs(RETRY_MS, failures), now);
    const toWall = this.clock.now() - now;
    const retryAt = this.#retryAt(startedAt + toWall, planned + toWall);
    this.nextAt = Math.max(retryAt - toWall, now);
    this.#isBackingOff = true;
  }

  /** There is nothing to ask beside a calendar. */
  extra(now: number): void {
    this.next(now);
  }

  isDue(now: number): boolean {
    if (!this.#isBackingOff) this.next(now);
    return now >= this.nextAt;
  }

  wakeAt(now: number): number {
    return Math.min(this.nextAt, now + MAX_TIMER_MS);
  }

  slotAfter(): number {
    return Number.POSITIVE_INFINITY;
  }

  #retryAt(failedAt: number, planned: number): number {
    try {
      return this.#entry.retryAt(failedAt, planned);
    } catch {
      return planned;
    }
  }

  #entryOf(stored: StoredTrigger): CalendarEntry {
    try {
      return this.read(stored);
    } catch {
      return AT_ONCE;
    }
  }
}
