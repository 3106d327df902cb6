import type { Clock, TimerHandle } from '../../model/clock.js';
import { Heap } from '../../model/heap.js';
import type { TimerRegistry } from '../../model/timer-registry.js';
import { Wakeups } from '../../model/timers.js';
import type { PolledTrigger } from './polled-trigger.js';

const NEVER = Number.POSITIVE_INFINITY;
/** Where there is much to do, waking up costs more than polling: a turn that found this many triggers makes the next one wait. */
const MANY = 4;
/** The longest that a turn waits for that reason; about a millisecond for each trigger otherwise. */
const MAX_TURN_MS = 10;

/**
 * Wakes triggers, in turns: one timer for all of them, and one entry in the heap for all that are due in one millisecond.
 *
 * A turn wakes whatever is due. Where many triggers are polled a poll may be up to 10 ms late; each trigger keeps its own
 * instants, so that does not add up. A trigger that wakes earlier than necessary is armed again for the right moment,
 * so wake-ups are hardly ever taken back; one that was is known by its instant, which the trigger does not wait for any more.
 */
export class PollTimetable {
  readonly #instants = new Heap<PolledTrigger[]>();
  readonly #byInstant = new Map<number, PolledTrigger[]>();
  readonly #wakeups: Wakeups;
  readonly #onTimer = (): void => this.#wake();
  #timer: TimerHandle | null = null;
  #timerAt = NEVER;
  #nextTurnAt = Number.NEGATIVE_INFINITY;
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
    const at = Math.ceil(trigger.wakeAt(now));
    if (at === NEVER) return;
    if (trigger.armedFor === null) this.#armed += 1;
    else if (at >= trigger.armedFor) return;
    trigger.armedFor = at;
    const others = this.#byInstant.get(at);
    if (others !== undefined) others.push(trigger);
    else this.#add(at, [trigger], now);
  }

  /** Does not wake the trigger any more. */
  disarm(trigger: PolledTrigger): void {
    if (trigger.armedFor === null) return;
    this.#unarm(trigger);
    if (this.#armed === 0) this.#clear();
  }

  /** Calls `expire` once after that time, by the same timer. */
  after(delayMs: number, expire: () => void): TimerHandle {
    return this.#wakeups.after(delayMs, expire);
  }

  #add(at: number, triggers: PolledTrigger[], now: number): void {
    this.#byInstant.set(at, triggers);
    this.#instants.push(at, triggers);
    this.#setTimer(at, now);
  }

  #unarm(trigger: PolledTrigger): void {
    trigger.armedFor = null;
    this.#armed -= 1;
  }

  #wake(): void {
    this.#timer = null;
    // What is armed meanwhile sets no timer: it is set once, at the end.
    this.#timerAt = Number.NEGATIVE_INFINITY;
    const now = this.clock.monotonic();
    let found = 0;
    for (let at = this.#instants.topKey; at <= now; at = this.#instants.topKey) {
      const due = this.#instants.pop() as PolledTrigger[];
      this.#byInstant.delete(at);
      for (const trigger of due) if (trigger.armedFor === at) this.#wakeOne(trigger, now);
      found += due.length;
    }
    this.#nextTurnAt = found < MANY ? now : now + Math.min(found, MAX_TURN_MS);
    this.#timerAt = NEVER;
    if (this.#armed === 0) this.#clear();
    else this.#setTimer(this.#instants.topKey, now);
  }

  #wakeOne(trigger: PolledTrigger, now: number): void {
    this.#unarm(trigger);
    this.onWake(trigger, now);
    this.arm(trigger, now);
  }

  #setTimer(wanted: number, now: number): void {
    const at = Math.max(wanted, this.#nextTurnAt);
    if (at >= this.#timerAt) return;
    this.#timer?.clear();
    this.#timerAt = at;
    this.#timer = this.#wakeups.after(at - now, this.#onTimer);
  }

  #clear(): void {
    while (this.#instants.pop() !== undefined);
    this.#byInstant.clear();
    this.#timer?.clear();
    this.#timer = null;
    this.#timerAt = NEVER;
  }
}
