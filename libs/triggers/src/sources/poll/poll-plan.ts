import { backoffMs, nextSlot } from './poll-schedule.js';

/** When one trigger is polled next, once a grid has begun. Instants are monotonic. Extra polls do not move the grid. */
export class PollPlan {
  nextAt = 0;
  #slot = 0;
  #isExtra = false;

  /** Begins a grid whose first slot is `firstAt`. */
  begin(firstAt: number, intervalMs: number): void {
    this.nextAt = firstAt;
    this.#slot = firstAt - intervalMs;
    this.#isExtra = false;
  }

  /** The next poll comes at once, beside the grid. */
  extra(now: number): void {
    this.nextAt = now;
    this.#isExtra = true;
  }

  /** The planned poll begins. */
  began(): void {
    if (!this.#isExtra) this.#slot = this.nextAt;
  }

  /** The next poll comes at the next slot of the grid. */
  toNextSlot(intervalMs: number, now: number): void {
    this.nextAt = nextSlot(this.#slot, intervalMs, now);
    this.#isExtra = false;
  }

  /** The next poll comes that much later than the failed one began, and begins a new grid. */
  backOff(startedAt: number, intervalMs: number, failures: number, now: number): void {
    this.nextAt = Math.max(startedAt + backoffMs(intervalMs, failures), now);
    this.#isExtra = false;
  }

  /** The first slot after this moment. */
  slotAfter(now: number, intervalMs: number): number {
    return Math.max(nextSlot(this.#slot, intervalMs, now), now + 1);
  }
}
