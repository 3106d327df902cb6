import type { StoredTrigger } from '../../intake/poll-intake.js';
import { PollPlan } from './poll-plan.js';
import { backoffMs, firstDelayMs, keepsClock, nextSlot } from './poll-schedule.js';

/** Polls from start to start at one interval, on a grid that extra polls do not move. */
export class FixedRatePlan extends PollPlan {
  keepsClock = false;
  #intervalMs: number;
  #slot = 0;
  #isExtra = false;

  constructor(
    private readonly name: string,
    /** As code and `forRoot` say; an operator's override is stored. */
    private readonly declaredMs: number,
  ) {
    super();
    this.#intervalMs = declaredMs;
  }

  know(stored: StoredTrigger): boolean {
    const before = this.#intervalMs;
    this.#intervalMs = stored.intervalOverrideMs ?? this.declaredMs;
    this.keepsClock = keepsClock(this.#intervalMs);
    return this.#intervalMs !== before;
  }

  /** Begins a grid with the first poll. */
  begin({ consecutiveFailures: failures, lastPollAgoMs }: StoredTrigger, now: number, isHandedOver: boolean): void {
    const intervalMs = this.#intervalMs;
    this.nextAt = now + firstDelayMs({ name: this.name, intervalMs, failures, lastPollAgoMs, isHandedOver });
    this.#slot = this.nextAt - intervalMs;
    this.#isExtra = false;
  }

  began(): void {
    if (!this.#isExtra) this.#slot = this.nextAt;
  }

  next(now: number): void {
    this.nextAt = nextSlot(this.#slot, this.#intervalMs, now);
    this.#isExtra = false;
  }

  /** The poll after a failed one begins a new grid. */
  backOff(startedAt: number, failures: number, now: number): void {
    this.nextAt = Math.max(startedAt + backoffMs(this.#intervalMs, failures), now);
    this.#isExtra = false;
  }

  extra(now: number): void {
    this.nextAt = now;
    this.#isExtra = true;
  }

  isDue(now: number): boolean {
    return now >= this.nextAt;
  }

  wakeAt(): number {
    return this.nextAt;
  }

  slotAfter(now: number): number {
    return Math.max(nextSlot(this.#slot, this.#intervalMs, now), now + 1);
  }
}
