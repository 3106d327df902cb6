import type { TriggerRecord } from '../history/trigger.types.js';
import type { TriggerState } from '../model/states.js';
import type { LivePoll } from '../sources/poll/poll.reports.js';
import type { TriggerDefinition } from '../intake/trigger.definition.js';

/** Everything that is known of one trigger. At least one of `definition` and `record` is there. */
export interface TriggerSources {
  readonly name: string;
  /** What this process declares. */
  readonly definition: TriggerDefinition | undefined;
  /** What the database keeps. */
  readonly record: TriggerRecord | undefined;
  /** What the poller of this process knows and has not written yet. */
  readonly live: LivePoll | undefined;
}

/** A trigger that no live node has declared for so long counts as undeclared: 10 minutes. */
export const UNDECLARED_AFTER_MS = 600_000;

/** The state of a trigger: the first that applies. */
export function stateOf({ definition, record, live }: TriggerSources, now: number): TriggerState {
  if (definition === undefined && isUndeclared(record, now)) return 'undeclared';
  if (!isEnabled({ definition, record })) return 'disabled';
  if (record !== undefined && record.suspendedAt !== null) return 'suspended';
  if (live?.stalled) return 'stalled';
  return failuresOf({ record, live }) > 0 ? 'failing' : 'active';
}

/** No live node has declared it for {@link UNDECLARED_AFTER_MS}. */
export function isUndeclared(record: TriggerRecord | undefined, now: number): boolean {
  return record === undefined || Date.parse(record.seenAt) + UNDECLARED_AFTER_MS <= now;
}

/** Whether it is switched on: by an operator, else by the code. */
export function isEnabled({ definition, record }: Pick<TriggerSources, 'definition' | 'record'>): boolean {
  return record?.enabledOverride ?? definition?.enabled ?? true;
}

/** Failed polls in a row. */
export function failuresOf({ record, live }: Pick<TriggerSources, 'record' | 'live'>): number {
  return live?.consecutiveFailures ?? record?.consecutiveFailures ?? 0;
}
