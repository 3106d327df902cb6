import { newId } from '../model/ids.js';
import { batch, run } from './dialects/batch.js';
import type { Work } from './dialects/batch.js';

/** One thing that an operator did. */
export interface AuditRecord {
  readonly actor: string;
  /** `<noun>.<verb>`: `execution.cancel`. */
  readonly action: string;
  /** The name or id of what it was done to. */
  readonly target: string;
  readonly reason: string | null;
  readonly address: string | null;
  /** Facts, never payloads or secrets. */
  readonly details: Readonly<Record<string, unknown>> | null;
}

const INSERT_AUDIT = batch(
  'audit_insert',
  {
    _id: 'text',
    _actor: 'text',
    _action: 'text',
    _target: 'text',
    _reason: 'text',
    _address: 'text',
    _details: 'text',
  },
  ({ now }) => `INSERT INTO triggers_audit (id, at, actor, action, target, reason, address, details)
    SELECT _id, ${now}, _actor, _action, _target, _reason, _address, _details FROM g`,
);

/** Writes one record, in the transaction of the change that it tells of. */
export function* recordAudit({ actor, action, target, reason, address, details }: AuditRecord): Work<void> {
  yield* run(INSERT_AUDIT, [
    [newId(), actor, action, target, reason, address, details === null ? null : JSON.stringify(details)],
  ]);
}
