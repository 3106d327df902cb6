/** How far a schedule has come; committed with what its ticks fire. */
export interface ScheduleCursor {
  /** The schedule that it belongs to: another expression, zone or interval starts the clock anew. */
  readonly of: string;
  /** Every tick up to this instant is done. */
  readonly last: string;
}

/** The cursor of a schedule that has come up to an instant. */
export function cursorAt(of: string, instant: number): ScheduleCursor {
  return { of, last: new Date(instant).toISOString() };
}

/** Up to where a schedule is done; `null` when its clock has not started: nothing is stored, or of another schedule. */
export function sinceOf(of: string, cursor: unknown): number | null {
  const stored = (cursor ?? {}) as Partial<ScheduleCursor>;
  const since = Date.parse(String(stored.last));
  return stored.of === of && Number.isFinite(since) ? since : null;
}
