import type { Clock, TimerHandle } from '../../model/clock.js';
import { Heap } from '../../model/heap.js';
import type { TimerRegistry } from '../../model/timer-registry.js';
import { Wakeups } from '../../model/timers.js';
import type { PolledTrigger } from './polled-trigger.js';

const NEVER = Number.POSITIVE_INFINITY;

/**
 * Wakes triggers: one heap and one timer for all of them.
 *
 * A trigger stands in the heap once and stays there while it is polled: a poll moves it to its next instant and allocates
 * nothing. One that wakes earlier than necessary is armed again for the right moment, so wake-ups are hardly ever taken
 * back; one that was is known by its instant, which the trigger does not wait for any more.
 */
export class PollTimetable {
  readonly #heap = new Heap<PolledTrigger>();
  readonly #wakeups: Wakeups;
  readonly #onTimer = (): void => this.#wake();
  #timer: TimerHandle | null = null;
  #timerAt = NEVER;
  #armed = 0;

  constructor(
    private readonly clock: Clock,
    timers: TimerRegistry,
    /** Does what is due; the trigger is armed again afterwards. */
    private readonly onWake: (trigger: PolledTrigger, now: number) => void,
  ) {
    this.#wakeups = new Wakeups(clock, 'triggers:polls', timers);
  }

  /** Wakes the trigger when something has to be decided about it. */
  arm(trigger: PolledTrigger, now: number): void {
    const at = trigger.wakeAt(now);
    if (at >= trigger.armedFor) return;
    if (trigger.armedFor === NEVER) this.#armed += 1;
    trigger.armedFor = at;
    this.#heap.push(at, trigger);
    this.#setTimer(at, now);
  }

  /** Does not wake the trigger any more. */
  disarm(trigger: PolledTrigger): void {
    if (trigger.armedFor === NEVER) return;
    trigger.armedFor = NEVER;
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
    for (let at = this.#heap.topKey; at <= now; at = this.#heap.topKey) {
      const trigger = this.#heap.peek() as PolledTrigger;
      if (trigger.armedFor === at) {
        this.onWake(trigger, now);
        this.#armAgain(trigger, at, now);
      } else this.#heap.pop();
    }
    this.#timerAt = NEVER;
    this.#setTimer(this.#heap.topKey, now);
  }

  /** Moves a trigger that was woken to its next instant. */
  #armAgain(trigger: PolledTrigger, was: number, now: number): void {
    // It was lost, or armed for something even earlier.
    if (trigger.armedFor !== was) return;
    const at = trigger.wakeAt(now);
    if (at === NEVER) return this.disarm(trigger);
    trigger.armedFor = at;
    // Another one may have come on top meanwhile.
    if (this.#heap.peek() === trigger && this.#heap.topKey === was) this.#heap.replaceTop(at, trigger);
    else this.#heap.push(at, trigger);
  }

  #setTimer(at: number, now: number): void {
    if (at >= this.#timerAt) return;
    this.#timer?.clear();
    this.#timerAt = at;
    this.#timer = this.#wakeups.after(at - now, this.#onTimer);
  }

  #clear(): void {
    while (this.#heap.pop() !== undefined);
    this.#timer?.clear();
    this.#timer = null;
    this.#timerAt = NEVER;
  }
}
