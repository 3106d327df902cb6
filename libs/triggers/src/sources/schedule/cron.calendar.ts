import { Cron } from 'croner';
import type { Calendar } from './calendar.js';
import { TimeZone } from './time-zone.js';

const DAY_MS = 86_400_000;
const NEAR_MS = 3 * DAY_MS;
const FOLLOWS_ELAPSED_TIME = /^[*?](\/\d+)?$/;

/**
 * The ticks of a cron expression in a time zone.
 *
 * `croner` says which wall times an expression names; when the clocks show them is decided here, because daylight saving
 * has two rules. An hour field of `*`, with a step or without, follows elapsed time: a tick is whenever the clocks show such
 * a time, once more where they are set back. Any other names wall times, and each counts once: when it is shown first, or,
 * where clocks are put forward over it, at the moment after the gap; several of one gap are one tick.
 */
export class CronCalendar implements Calendar {
  readonly #wallTimes: Cron;
  readonly #zone: TimeZone;
  readonly #followsElapsedTime: boolean;

  /** @throws RangeError for an unknown zone, TypeError or RangeError for an expression of other than 5 or 6 good fields */
  constructor(expression: string, timeZone: string) {
    const fields = expression.trim().split(/\s+/);
    if (fields.length < 5 || fields.length > 6) throw new RangeError('it has no 5 or 6 fields');
    this.#zone = TimeZone.named(timeZone);
    this.#wallTimes = new Cron(expression, { mode: '5-or-6-parts', utcOffset: 0, paused: true });
    this.#followsElapsedTime = FOLLOWS_ELAPSED_TIME.test(fields.at(-4) as string);
  }

  after(instant: number): number | null {
    if (this.#followsElapsedTime) return this.#shownFrom(instant + 1);
    const wallTime = this.#wallTimeAfter(this.#zone.latestShownAt(instant));
    return wallTime === null ? null : this.#zone.firstShowing(wallTime);
  }

  /** The first instant from this one on at which the clocks show a wall time of the expression. */
  #shownFrom(from: number): number | null {
    const offset = this.#zone.offsetAt(from);
    const wallTime = this.#wallTimeAfter(from + offset - 1);
    if (wallTime === null) return null;
    const at = wallTime - offset;
    const change = this.#zone.changeBetween(from, Math.min(at, from + NEAR_MS));
    if (change !== null) return this.#shownFrom(change);
    // Changes that are far from both ends leave out or repeat wall times that the expression does not name.
    return at <= from + NEAR_MS ? at : this.#shownFrom(at - 2 * DAY_MS);
  }

  #wallTimeAfter(wallTime: number): number | null {
    return this.#wallTimes.nextRun(new Date(wallTime))?.getTime() ?? null;
  }
}
