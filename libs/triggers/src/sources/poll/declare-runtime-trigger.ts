import type { DefinitionProblems } from '../../discovery/definition-problems.js';
import { promised } from '../../discovery/promised.js';
import type { Poll } from './poll.js';
import type { DeclaredPoll } from './poll-trigger.builder.js';
import type { RuntimeTrigger } from './runtime-trigger.js';
import { makingOf } from './trigger-value.js';

/** A {@link RuntimeTrigger} in the form in which decorated ones are found; what is wrong with its own options goes to `problems`. */
export function declareRuntimeTrigger(trigger: RuntimeTrigger, problems: DefinitionProblems): DeclaredPoll {
  const making = makingOf(trigger);
  if (making?.problem) problems.add(making.problem);
  const label = making?.label ?? `TriggersService.register("${trigger.name}")`;
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
