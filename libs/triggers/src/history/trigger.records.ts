import type { TriggerRow } from '../store/entities/rows.js';
import type { Store } from '../store/store.service.js';
import type { TriggerRecord } from './trigger.types.js';
import { fromJson, toIso } from './mappers.js';
import { nodeNames } from './node-names.js';
import type { NodeNames } from './node-names.js';

/** What the database keeps of every trigger, by name. */
export async function readTriggers(store: Store): Promise<readonly TriggerRecord[]> {
  const [rows, names] = await Promise.all([
    store.reader.find(store.entities.trigger, { order: { name: 'ASC' } }),
    nodeNames(store),
  ]);
  return rows.map((row) => toTriggerRecord(row, names));
}

/** What the database keeps of one trigger; `null` when it was never seen. */
export async function readTrigger(store: Store, name: string): Promise<TriggerRecord | null> {
  const [row, names] = await Promise.all([store.reader.findOneBy(store.entities.trigger, { name }), nodeNames(store)]);
  return row === null ? null : toTriggerRecord(row, names);
}

function toTriggerRecord(row: TriggerRow, names: NodeNames): TriggerRecord {
  const { name, kind, enabledOverride, intervalOverrideMs, consecutiveFailures, lastError } = row;
  const { polls, fires, skips, duplicates, failures } = row;
  return {
    name,
    kind,
    enabledOverride,
    intervalOverrideMs,
    consecutiveFailures,
    lastError,
    counts: { polls, fires, skips, duplicates, failures },
    cursor: fromJson<unknown>(row.cursor),
    owner: names(row.owner),
    suspendedAt: toIso(row.suspendedAt),
    lastPollAt: toIso(row.lastPollAt),
    lastFireAt: toIso(row.lastFireAt),
    firstSeenAt: toIso(row.firstSeenAt),
    seenAt: toIso(row.seenAt),
  };
}
