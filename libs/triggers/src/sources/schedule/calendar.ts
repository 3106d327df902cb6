/** The instants at which a schedule is due; ms since 1970 (UTC). The same question has the same answer on every node. */
export interface Calendar {
  /** The first tick after an instant; `null`: there is none any more. */
  after(instant: number): number | null;
}

/** The first ticks after `since` and up to `until`, oldest first; all by default. */
export function ticksBetween(
  calendar: Calendar,
  since: number,
  until: number,
  limit = Number.POSITIVE_INFINITY,
): number[] {
  const ticks: number[] = [];
  let tick = calendar.after(since);
  while (tick !== null && tick <= until && ticks.length < limit) {
    ticks.push(tick);
    tick = calendar.after(tick);
  }
  return ticks;
}

const FIRST_SPAN_MS = 60_000;

/**
 * The last ticks after `since` and up to `until`, oldest first. It looks back further and further, so a tick of every
 * second that was not asked for a month costs no more than one of every day.
 */
export function lastTicks(calendar: Calendar, since: number, until: number, limit: number): number[] {
  for (let spanMs = FIRST_SPAN_MS; ; spanMs *= 2) {
    const from = Math.max(since, until - spanMs);
    const ticks = ticksBetween(calendar, from, until);
    if (ticks.length >= limit || from === since) return ticks.slice(-limit);
  }
}
