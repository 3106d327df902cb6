import type { TriggerResult } from '../../model/trigger-result.js';
import type { PollDefinition } from './poll-trigger.definition.js';
import type { Poll } from './poll.js';

/** What a test says of a trigger; the rest is filled in. */
export type TestDefinition = Partial<PollDefinition> & {
  readonly poll: (poll: Poll) => TriggerResult | Promise<TriggerResult>;
};

/** A definition with everything filled in that a test does not say. */
export function defineTrigger({ poll, ...given }: TestDefinition): PollDefinition {
  const name = given.name ?? 'inbox';
  const label = `Inbox.${name}`;
  return {
    name,
    kind: 'poll',
    aliases: [],
    workflows: [],
    enabled: true,
    dedup: { scope: 'running', cooldown: true },
    filter: null,
    rateLimit: null,
    onLimit: 'delay',
    priority: 0,
    bigNumbers: null,
    label,
    options: {},
    pollIntervalMs: 1_000,
    timeoutMs: 30_000,
    suspendAfter: 20,
    invoker: { label, invoke: async ([argument]) => poll(argument as Poll) },
    onError: null,
    onInit: null,
    onDestroy: null,
    ...given,
  };
}
