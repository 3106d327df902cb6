import { plainTrigger } from '../../intake/plain-trigger.contract.js';
import type { TriggerResult } from '../../model/trigger-result.js';
import { FixedRatePlan } from './fixed-rate.plan.js';
import type { PollDefinition } from './poll-trigger.definition.js';
import type { Poll } from './poll.js';

/** What a test says of a trigger; the rest is filled in. */
export type TestDefinition = Partial<PollDefinition> & {
  readonly poll: (poll: Poll) => TriggerResult | Promise<TriggerResult>;
};

/** A definition with everything filled in that a test does not say. */
export function defineTrigger({ poll, ...given }: TestDefinition): PollDefinition {
  const { name = 'inbox', pollIntervalMs = 1_000 } = given;
  const label = `Inbox.${name}`;
  return {
    ...plainTrigger({ name, label, pollIntervalMs }),
    kind: 'poll',
    plan: () => new FixedRatePlan(name, pollIntervalMs ?? 1_000),
    timeoutMs: 30_000,
    suspendAfter: 20,
    invoker: { label, invoke: async ([argument]) => poll(argument as Poll) },
    onError: null,
    onInit: null,
    onDestroy: null,
    ...given,
  };
}
