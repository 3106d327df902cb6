import type { EntitySchema } from 'typeorm';
import { entity } from './column-types.js';
import type { ColumnKinds } from './column-types.js';
import type { AuditRow } from './rows.js';

/** What operators did. */
export function auditEntity(kinds: ColumnKinds): EntitySchema<AuditRow> {
  return entity<AuditRow>('triggers_audit', {
    id: kinds.key,
    at: kinds.instant,
    actor: kinds.text,
    action: kinds.text,
    target: kinds.text,
    reason: kinds.maybe,
    address: kinds.maybe,
    details: kinds.maybe,
  });
}
