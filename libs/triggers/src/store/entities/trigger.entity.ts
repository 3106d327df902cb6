import type { EntitySchema } from 'typeorm';
import { entity } from './column-types.js';
import type { ColumnKinds } from './column-types.js';
import type { TriggerRow } from './rows.js';

/** What the database keeps of triggers. */
export function triggerEntity(kinds: ColumnKinds): EntitySchema<TriggerRow> {
  return entity<TriggerRow>('triggers_trigger', {
    name: kinds.key,
    kind: kinds.text,
    enabledOverride: kinds.maybeBool,
    intervalOverrideMs: kinds.maybeCount,
    cursor: kinds.maybe,
    cursorVersion: kinds.int,
    owner: kinds.maybe,
    wantedBy: kinds.maybe,
    epoch: kinds.int,
    polls: kinds.count,
    fires: kinds.count,
    skips: kinds.count,
    duplicates: kinds.count,
    failures: kinds.count,
    consecutiveFailures: kinds.int,
    lastError: kinds.maybe,
    suspendedAt: kinds.instant,
    lastPollAt: kinds.instant,
    lastFireAt: kinds.instant,
    follows: kinds.maybe,
    firstSeenAt: kinds.instant,
    seenAt: kinds.instant,
  });
}
