import type { TriggerDefinition } from './trigger.definition.js';

/** A definition in which everything that a test does not say is as it is when the code says nothing. */
export function plainTrigger(given: Partial<TriggerDefinition> = {}): TriggerDefinition {
  return {
    name: 'inbox',
    kind: 'poll',
    aliases: [],
    workflows: [],
    enabled: true,
    dedup: { scope: 'running', cooldown: true },
    filter: null,
    rateLimit: null,
    onLimit: 'delay',
    priority: 0,
    timeoutMs: 10_000,
    bigNumbers: null,
    label: 'Inbox.poll',
    options: {},
    pollIntervalMs: null,
    ...given,
  };
}
