import { isTriggersError } from '../../model/errors.js';
import type { TriggersError } from '../../model/errors.js';
import type { TriggerSource } from './poll.js';
import type { RuntimeTrigger } from './runtime-trigger.js';

const MAKING = Symbol.for('nestjs-triggers:trigger-value');

/** How a {@link TriggerValue} was made. */
interface Making {
  /** For messages: `directoryTrigger("inbox")`. */
  readonly label: string;
  /** What is wrong with its options: told with all other definition errors, where it is declared. */
  readonly problem: TriggersError | null;
}

/**
 * A poll trigger as a value, made by `directoryTrigger()` and its like. Provided in a module it is declared like one that is
 * decorated; `TriggersService.register()` takes it at run time.
 *
 * @example { provide: 'inbox', useValue: directoryTrigger({ name: 'inbox', workflow: FileProcessor, path: './inbox' }) }
 */
export interface TriggerValue extends RuntimeTrigger {
  readonly [MAKING]: Making;
}

/**
 * Makes a value of the options of a trigger and of what looks for it.
 *
 * @param factory the function that the application calls, for messages
 * @param make makes what looks; a definition error that it throws is kept until the trigger is declared
 */
export function triggerValue(
  factory: string,
  options: Omit<RuntimeTrigger, 'poll'>,
  make: (where: string) => TriggerSource,
): TriggerValue {
  const label = `${factory}("${options.name}")`;
  try {
    const source = make(label);
    return { ...options, poll: (poll) => source.poll(poll), [MAKING]: { label, problem: null } };
  } catch (error) {
    if (!isTriggersError(error) || error.family !== 'definition') throw error;
    return { ...options, poll: () => Promise.reject(error), [MAKING]: { label, problem: error } };
  }
}

/** Whether a provider is a trigger, also one that another copy of this package made. */
export function isTriggerValue(value: unknown): value is TriggerValue {
  return typeof value === 'object' && value !== null && MAKING in value;
}

/** What is known of a trigger beside its options; `null` where the application wrote it by hand. */
export function makingOf(trigger: RuntimeTrigger): Making | null {
  return isTriggerValue(trigger) ? trigger[MAKING] : null;
}
