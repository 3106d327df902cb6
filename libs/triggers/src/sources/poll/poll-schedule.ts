/** The longest spread of first polls. */
export const MAX_SPREAD_MS = 60_000;
/** Intervals from this length on keep their stored clock over a restart. */
export const KEPT_CLOCK_MS = 300_000;
/** Failing triggers are polled at least this often, or at their interval if that is longer. */
export const MAX_BACKOFF_MS = 900_000;
/** A stored instant further than this in the future is wrong, not early. */
export const CLOCK_TOLERANCE_MS = 60_000;

/** Whether a trigger's last poll is stored after every poll, because a restart has to know it. */
export function keepsClock(intervalMs: number): boolean {
  return intervalMs >= KEPT_CLOCK_MS;
}

/** When a trigger is polled first by a process, spread by its name: 10,000 triggers do not start in one instant. */
export function spreadMs(name: string, intervalMs: number): number {
  return placeMs(name, Math.min(intervalMs, MAX_SPREAD_MS));
}

/** A place in a stretch of time that depends on the name alone, so that what many triggers do lies apart. */
export function placeMs(name: string, withinMs: number): number {
  return Math.floor(fractionOf(name) * withinMs);
}

/** What is known of a trigger when a process begins to poll it. */
export interface ClockState {
  readonly name: string;
  readonly intervalMs: number;
  readonly failures: number;
  /** `null`: never polled. */
  readonly lastPollAgoMs: number | null;
  /** Another node polled it until now, and has written when. */
  readonly isHandedOver: boolean;
}

/**
 * How long from now until the first poll. A stored clock that is kept decides; an overdue, new or short-interval trigger
 * is spread. What is handed over keeps its clock whatever the interval: a slot that was missed on the way is not made up
 * where the next one is less than a minute away.
 */
export function firstDelayMs({ name, intervalMs, failures, lastPollAgoMs, isHandedOver }: ClockState): number {
  const isKept = isHandedOver || keepsClock(intervalMs);
  if (!isKept || lastPollAgoMs === null || isAbsurd(lastPollAgoMs)) return spreadMs(name, intervalMs);
  const agoMs = Math.max(lastPollAgoMs, 0);
  const delayMs = backoffMs(intervalMs, failures) - agoMs;
  if (delayMs > 0) return delayMs;
  if (isHandedOver && intervalMs <= MAX_SPREAD_MS) return nextSlot(-agoMs, intervalMs, 0);
  return spreadMs(name, intervalMs);
}

/** Whether a stored instant lies absurdly far in the future. */
export function isAbsurd(agoMs: number): boolean {
  return agoMs < -CLOCK_TOLERANCE_MS;
}

/** From the start of a poll to the next after that many failures in a row: min(interval × 2^n, max(interval, 15m)). */
export function backoffMs(intervalMs: number, failures: number): number {
  return Math.min(intervalMs * 2 ** failures, Math.max(intervalMs, MAX_BACKOFF_MS));
}

/** The first slot of the grid `slot + k × interval`, k ≥ 1, that is not over: missed slots are not made up. */
export function nextSlot(slot: number, intervalMs: number, now: number): number {
  const next = slot + intervalMs;
  return next >= now ? next : slot + Math.ceil((now - slot) / intervalMs) * intervalMs;
}

/** A number in [0, 1) that depends on the name alone (FNV-1a with a final mix, so that similar names lie apart). */
function fractionOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at += 1) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
