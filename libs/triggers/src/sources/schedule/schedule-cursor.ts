/** How far a schedule has come; committed with what its ticks fire. */
export interface ScheduleCursor {
  /** The schedule that it belongs to: another expression, zone or interval starts the clock anew. */
  readonly of: string;
  /** Every tick up to this instant is done. */
  readonly last: string;
  /** The tick behind it that was tried on time and failed. */
  readonly tried?: string;
}

/** The cursor of a schedule that has come up to an instant, and has failed at a tick behind it. */
export function cursorAt(of: string, instant: number, tried?: number): ScheduleCursor {
  const last = new Date(instant).toISOString();
  return tried === undefined ? { of, last } : { of, last, tried: new Date(tried).toISOString() };
}

/** The tick that was tried on time and failed; `null`: none. Its schedule is the one that {@link sinceOf} was asked for. */
export function triedOf(cursor: unknown): number | null {
  const tried = Date.parse(String((cursor as ScheduleCursor).tried));
  return Number.isFinite(tried) ? tried : null;
}

/** Up to where a schedule is done; `null` when its clock has not started: nothing is stored, or of another schedule. */
export function sinceOf(of: string, cursor: unknown): number | null {
  const stored = (cursor ?? {}) as Partial<ScheduleCursor>;
  const since = Date.parse(String(stored.last));
  return stored.of === of && Number.isFinite(since) ? since : null;
}
