import type { Calendar } from './calendar.js';

/** Ticks at every multiple of an interval since an anchor, the anchor itself left out. */
export class IntervalCalendar implements Calendar {
  constructor(
    private readonly anchor: number,
    private readonly everyMs: number,
  ) {}

  after(instant: number): number {
    const multiple = Math.floor((instant - this.anchor) / this.everyMs) + 1;
    return this.anchor + Math.max(multiple, 1) * this.everyMs;
  }
}
