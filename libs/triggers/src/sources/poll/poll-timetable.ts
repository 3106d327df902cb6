import type { Clock, TimerHandle } from '../../model/clock.js';
import { Heap } from '../../model/heap.js';
import type { TimerRegistry } from '../../model/timer-registry.js';
import { Wakeups } from '../../model/timers.js';
import type { PolledTrigger, Wakeup } from './polled-trigger.js';

/**
 * Wakes triggers: one heap and one timer for all of them.
 *
 * A trigger has one wake-up, which goes into the heap again and again: a poll allocates none. One that wakes earlier than
 * necessary is armed again for the right moment, so wake-ups are hardly ever taken back.
 */
export class PollTimetable {
  readonly #heap = new Heap<Wakeup>((a, b) => a.at < b.at);
  readonly #wakeups: Wakeups;
  readonly #onTimer = (): void => this.#wake();
  #timer: TimerHandle | null = null;
  #timerAt = Number.POSITIVE_INFINITY;
  #armed = 0;

  constructor(
    private readonly clock: Clock,
    timers: TimerRegistry,
    private readonly onWake: (trigger: PolledTrigger, now: number) => void,
  ) {
    this.#wakeups = new Wakeups(clock, 'triggers:polls', timers);
  }

  /** Wakes the trigger when something has to be decided about it. */
  arm(trigger: PolledTrigger, now: number): void {
    const at = trigger.wakeAt(now);
    const armed = trigger.wakeup;
    if (at === Number.POSITIVE_INFINITY || (armed !== null && armed.isArmed && armed.at <= at)) return;
    this.disarm(trigger);
    const wakeup = (trigger.wakeup ??= { trigger, at, isArmed: false });
    wakeup.at = at;
    wakeup.isArmed = true;
    this.#armed += 1;
    this.#heap.push(wakeup);
    if (at < this.#timerAt) this.#setTimer(at, now);
  }

  /** Does not wake the trigger any more. */
  disarm(trigger: PolledTrigger): void {
    if (trigger.wakeup?.isArmed !== true) return;
    // What is in the heap must not move: the trigger gets another wake-up next time.
    trigger.wakeup.isArmed = false;
    trigger.wakeup = null;
    this.#armed -= 1;
    if (this.#armed === 0) this.#clear();
  }

  /** Calls `expire` once after that time, by the same timer. */
  after(delayMs: number, expire: () => void): TimerHandle {
    return this.#wakeups.after(delayMs, expire);
  }

  #wake(): void {
    this.#timer = null;
    // What is armed meanwhile sets no timer: it is set once, at the end.
    this.#timerAt = Number.NEGATIVE_INFINITY;
    const now = this.clock.monotonic();
    let next = this.#heap.peek();
    while (next !== undefined && (next.at <= now || !next.isArmed)) {
      this.#heap.pop();
      if (next.isArmed) {
        next.isArmed = false;
        this.#armed -= 1;
        this.onWake(next.trigger, now);
      }
      next = this.#heap.peek();
    }
    if (next === undefined) this.#timerAt = Number.POSITIVE_INFINITY;
    else this.#setTimer(next.at, now);
  }

  #setTimer(at: number, now: number): void {
    this.#timer?.clear();
    this.#timerAt = at;
    this.#timer = this.#wakeups.after(at - now, this.#onTimer);
  }

  #clear(): void {
    while (this.#heap.pop() !== undefined);
    this.#timer?.clear();
    this.#timer = null;
    this.#timerAt = Number.POSITIVE_INFINITY;
  }
}
