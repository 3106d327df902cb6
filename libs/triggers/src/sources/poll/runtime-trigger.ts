import { promised } from '../../discovery/promised.js';
import type { Poll, TriggerSource } from './poll.js';
import type { DeclaredPoll } from './poll-trigger.builder.js';
import type { TriggerOptions } from './trigger.options.js';

/** A poll trigger that is declared while the application runs: the options of `@Trigger` and what a class would have. */
export interface RuntimeTrigger extends TriggerOptions, TriggerSource {
  readonly name: string;
}

/** A {@link RuntimeTrigger} in the form in which decorated ones are found. */
export function declareRuntimeTrigger(trigger: RuntimeTrigger): DeclaredPoll {
  const label = `TriggersService.register("${trigger.name}")`;
  return {
    options: trigger,
    defaultName: trigger.name,
    label,
    invoker: { label, invoke: ([poll]) => promised(() => trigger.poll(poll as Poll)) },
    onInit: trigger.onTriggerInit ? { invoke: async () => trigger.onTriggerInit?.() } : null,
    onDestroy: trigger.onTriggerDestroy ? { invoke: async () => trigger.onTriggerDestroy?.() } : null,
    method: () => undefined,
  };
}
