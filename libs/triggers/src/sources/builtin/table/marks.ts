import type { Place } from './row-query.js';

/** At that moment no row had a larger value: whatever took its value later has at least this one. */
export interface Mark extends Place {
  /** Ms since 1970 (UTC). */
  readonly at: number;
}

/** Times of a reading; ms since 1970 (UTC). */
export interface ReadingTimes {
  /** When `high` was read, or later. */
  readonly ended: number;
  /** One window before it began: nothing that took its value earlier is still on its way. */
  readonly settledAt: number;
  /** The window. */
  readonly lookBackMs: number;
}

/** The column only grows, so in one window there need not be more marks than this. */
const MARKS_PER_WINDOW = 8;

/**
 * The marks after a reading; the first of them is where the next reading begins.
 *
 * A row that the next reading can find was committed after this one began, and took its value at most one window earlier. So
 * every mark but the latest that is older than that may go. It needs no clock of the database, and no column with a time.
 *
 * @param marks as they were, oldest first
 * @param high the largest value that was seen
 */
export function nextMarks(
  marks: readonly Mark[],
  high: Place,
  { ended, settledAt, lookBackMs }: ReadingTimes,
): readonly Mark[] {
  // A mark from the future was left by a clock that was set back.
  const all = marks.map((mark) => (mark.at > ended ? { ...mark, at: ended } : mark));
  const last = all.at(-1);
  const isNew = last === undefined || last.value !== high.value;
  if (isNew && (last === undefined || ended - last.at >= lookBackMs / MARKS_PER_WINDOW))
    all.push({ at: ended, value: high.value });
  const latest = all.findLastIndex(({ at }) => at <= settledAt);
  return all.slice(Math.max(latest, 0));
}
