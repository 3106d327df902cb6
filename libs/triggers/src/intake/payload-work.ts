import type { Clock } from '../model/clock.js';
import { MAX_TIMER_MS } from '../model/clock.js';
import { formatDuration } from '../model/duration.js';
import { TriggersError } from '../model/errors.js';
import type { EventBus } from '../model/events.js';
import { orLate } from '../model/patience.js';
import type { TriggerDefinition } from './trigger.definition.js';

/** Works of one trigger that nobody waits for any more and that still go on, each with its payload in memory. */
export const MAX_STALLED = 1_000;

/** Whose code it is, and how long it may take. */
type Timed = Pick<TriggerDefinition, 'name' | 'timeoutMs'>;

/** How long anybody waits for the code of a trigger: no timer is set further ahead. */
export function patienceMsOf({ timeoutMs }: Pick<Timed, 'timeoutMs'>): number {
  return Math.min(timeoutMs, MAX_TIMER_MS);
}

/**
 * What the code of an application does with the payloads of its triggers, bounded in time and in number. One run is everything that
 * it does with one payload: it checks a sender, a schema, maps, filters. What waits for the database stands outside: that has
 * deadlines of its own, and is nobody's fault.
 */
export class PayloadWork {
  readonly #open = new WeakMap<Timed, { waited: number; stalled: number }>();

  /** @param maxWaited so many payloads of one trigger are worked on at once */
  constructor(
    private readonly clock: Clock,
    private readonly events: EventBus,
    private readonly maxWaited = Infinity,
  ) {}

  /**
   * What the work gives. What it throws in time is thrown.
   *
   * @param work is told by `isOver` that nobody waits for it any more: what it has not begun it need not begin
   * @param otherwise what is given instead. `late`: it did not end within the trigger's time and goes on alone, which
   *   `trigger.stalled` tells; `full`: it did not begin, too much of this trigger goes on
   */
  async run<T, L>(
    trigger: Timed,
    work: (isOver: () => boolean) => Promise<T>,
    otherwise: (why: 'late' | 'full') => L | Promise<L>,
  ): Promise<T | L> {
    const open = this.#openOf(trigger);
    if (open.waited >= this.maxWaited || open.stalled >= MAX_STALLED) return otherwise('full');
    let isLate = false;
    const working = work(() => isLate);
    const late = (): L | Promise<L> => {
      isLate = true;
      open.stalled += 1;
      const ended = (): void => void (open.stalled -= 1);
      working.then(ended, ended);
      this.events.emit('trigger.stalled', { trigger: trigger.name, timeoutMs: patienceMsOf(trigger) });
      return otherwise('late');
    };
    open.waited += 1;
    try {
      return await orLate(working, patienceMsOf(trigger), late, this.clock);
    } finally {
      open.waited -= 1;
    }
  }

  /** What the work gives, for somebody who is told otherwise. @throws TRG_TRIGGER_TIMEOUT, and what it throws in time */
  async inTime<T>(trigger: Timed, work: () => Promise<T>): Promise<T> {
    const refused = (why: 'late' | 'full'): Promise<never> =>
      Promise.reject(why === 'late' ? tooLate(trigger) : tooMany(trigger));
    return this.run(trigger, work, refused);
  }

  #openOf(trigger: Timed): { waited: number; stalled: number } {
    const known = this.#open.get(trigger);
    if (known !== undefined) return known;
    const open = { waited: 0, stalled: 0 };
    this.#open.set(trigger, open);
    return open;
  }
}

/** The error of code that did not end in time; somebody may try again. */
export function tooLate(trigger: Timed): TriggersError {
  const time = formatDuration(patienceMsOf(trigger));
  const message = `Trigger "${trigger.name}": its code did not end within ${time}, so nothing was fired. Look at what it waits for.`;
  return new TriggersError('TRG_TRIGGER_TIMEOUT', message);
}

function tooMany({ name }: Timed): TriggersError {
  const message = `Trigger "${name}": ${MAX_STALLED} calls of its code did not end in time and still go on. Look at what they wait for.`;
  return new TriggersError('TRG_TRIGGER_TIMEOUT', message);
}
