import type { TriggerSource } from './poll.js';
import type { TriggerOptions } from './trigger.options.js';

/** A poll trigger that is declared while the application runs: the options of `@Trigger` and what a class would have. */
export interface RuntimeTrigger extends TriggerOptions, TriggerSource {
  readonly name: string;
}
