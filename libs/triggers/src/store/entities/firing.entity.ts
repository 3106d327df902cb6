import type { EntitySchema } from 'typeorm';
import { entity } from './column-types.js';
import type { ColumnKinds } from './column-types.js';
import type { FiringRow } from './rows.js';

/** The firing ledger. */
export function firingEntity(kinds: ColumnKinds): EntitySchema<FiringRow> {
  return entity<FiringRow>('triggers_firing', {
    id: kinds.key,
    trigger: kinds.maybe,
    kind: kinds.text,
    state: kinds.text,
    dedupSpace: kinds.maybe,
    dedupKey: kinds.bytes,
    dedupScope: kinds.maybe,
    dedupCooldown: kinds.bool,
    dedupLabel: kinds.maybe,
    context: kinds.maybe,
    executions: kinds.text,
    openExecutions: kinds.int,
    failedExecutions: kinds.int,
    reason: kinds.maybe,
    initiatedBy: kinds.maybe,
    causedBy: kinds.maybe,
    depth: kinds.int,
    priority: kinds.maybeCount,
    deliveryKey: kinds.bytes,
    replayOf: kinds.maybe,
    duplicates: kinds.int,
    lastDuplicateAt: kinds.instant,
    scheduledFor: kinds.instant,
    createdAt: kinds.instant,
    payload: kinds.maybe,
    origin: kinds.maybe,
    letterUntil: kinds.instant,
    closedAt: kinds.instant,
    closedBy: kinds.maybe,
  });
}
