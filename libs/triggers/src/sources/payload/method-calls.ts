import type { Clock } from '../../model/clock.js';
import { isDoneWithin } from '../../model/patience.js';

/** Calls of one trigger's method that nobody waits for any more and that still go on, each with its event in memory. */
export const MAX_STALLED = 1_000;

/** Whose method is called. */
interface Called {
  /** How long a call is waited for. */
  readonly timeoutMs: number;
}

/** Calls methods of triggers, bounded in time and in number. */
export class MethodCalls {
  readonly #open = new WeakMap<Called, { waited: number; stalled: number }>();

  /** @param maxCalls so many events wait for the method of one trigger at once */
  constructor(
    private readonly clock: Clock,
    private readonly maxCalls: number,
  ) {}

  /**
   * `full`: not called, too many calls of this trigger's method are open. `late`: it did not end within the trigger's time
   * and goes on alone. What it throws in time is thrown.
   */
  async run(trigger: Called, call: () => Promise<void>): Promise<'done' | 'late' | 'full'> {
    const open = this.#openOf(trigger);
    if (open.waited >= this.maxCalls || open.stalled >= MAX_STALLED) return 'full';
    const work = call();
    open.waited += 1;
    try {
      if (await isDoneWithin(trigger.timeoutMs, work, this.clock)) return 'done';
    } finally {
      open.waited -= 1;
    }
    open.stalled += 1;
    const ended = (): void => void (open.stalled -= 1);
    work.then(ended, ended);
    return 'late';
  }

  #openOf(trigger: Called): { waited: number; stalled: number } {
    const known = this.#open.get(trigger);
    if (known !== undefined) return known;
    const open = { waited: 0, stalled: 0 };
    this.#open.set(trigger, open);
    return open;
  }
}
