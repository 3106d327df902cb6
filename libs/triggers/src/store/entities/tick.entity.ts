import type { EntitySchema } from 'typeorm';
import { entity } from './column-types.js';
import type { ColumnKinds } from './column-types.js';
import type { TickRow } from './rows.js';

/** Poll history. */
export function tickEntity(kinds: ColumnKinds): EntitySchema<TickRow> {
  return entity<TickRow>('triggers_tick', {
    id: kinds.key,
    trigger: kinds.text,
    at: kinds.instant,
    lastAt: kinds.instant,
    count: kinds.int,
    outcome: kinds.text,
    reason: kinds.maybe,
    durationMs: kinds.int,
    firingIds: kinds.text,
  });
}
