import { lastTicks, ticksBetween } from './calendar.js';
import type { Calendar } from './calendar.js';

/** What happens to ticks that were not on time: nothing, the latest one fires, or all of them do. */
export type CatchUp = 'skip' | 'latest' | 'all';

/** The most ticks that fire together; of more that were missed the latest are caught up. */
export const MAX_TICKS = 100;
/** Missed ticks are counted up to here. */
export const MAX_COUNTED = 1_000;

/** What a schedule has to do now. */
export interface DueTicks {
  /** Fire, oldest first. */
  readonly ticks: readonly number[];
  /** Came before all of them and will not fire; `null`: none. */
  readonly missed: MissedTicks | null;
}

/** Ticks that will not fire. */
export interface MissedTicks {
  readonly first: number;
  readonly last: number;
  /** At most {@link MAX_COUNTED} + 1, which stands for more. */
  readonly count: number;
}

/** What is known when it is decided. */
export interface DueView {
  /** Everything up to here is done. */
  readonly since: number;
  readonly now: number;
  readonly maxLatenessMs: number;
  readonly catchUp: CatchUp;
  /** The tick that was tried on time and failed: it fires also when it is late, unless another one was due since. */
  readonly tried: number | null;
}

/** Which ticks fire now, and which are missed. A tick is on time for `maxLatenessMs`. */
export function dueTicks(calendar: Calendar, view: DueView): DueTicks {
  const ticks = firingTicks(calendar, view);
  const end = (ticks[0] ?? view.now + 1) - 1;
  const counted = ticksBetween(calendar, view.since, end, MAX_COUNTED + 1);
  const [first] = counted;
  if (first === undefined) return { ticks, missed: null };
  const [last = first] = counted.length > MAX_COUNTED ? lastTicks(calendar, first, end, 1) : counted.slice(-1);
  return { ticks, missed: { first, last, count: counted.length } };
}

/**
 * When a failed schedule is tried again: as planned, unless the latest tick after the failed try were late by then, or nearly.
 * Then it is tried at that tick, because a late one fires only if it was tried on time.
 */
export function retryAt(
  calendar: Calendar,
  { failedAt, planned, maxLatenessMs }: { failedAt: number; planned: number; maxLatenessMs: number },
): number {
  const [latest = planned] = lastTicks(calendar, failedAt, planned, 1);
  return planned - latest > maxLatenessMs / 2 ? latest : planned;
}

/** Which ticks were missed, as a reason in the ledger. */
export function describeMissed({ first, last, count }: MissedTicks): string {
  const [from, to] = [new Date(first).toISOString(), new Date(last).toISOString()];
  if (count === 1) return `missed the tick of ${from}`;
  return `missed ${count > MAX_COUNTED ? `more than ${MAX_COUNTED}` : count} ticks from ${from} to ${to}`;
}

function firingTicks(calendar: Calendar, view: DueView): readonly number[] {
  const { since, now, maxLatenessMs, catchUp, tried } = view;
  const onTime = ticksBetween(calendar, Math.max(since, now - maxLatenessMs - 1), now, MAX_TICKS);
  if (catchUp === 'all' && onTime.length < MAX_TICKS) return lastTicks(calendar, since, now, MAX_TICKS);
  if (onTime.length > 0 || (catchUp === 'skip' && tried === null)) return onTime;
  const latest = lastTicks(calendar, since, now, 1);
  return catchUp === 'latest' || latest[0] === tried ? latest : [];
}
