import type { EntitySchema } from 'typeorm';
import { entity } from './column-types.js';
import type { ColumnKinds } from './column-types.js';
import type { NodeRow } from './rows.js';

/** Running processes. */
export function nodeEntity(kinds: ColumnKinds): EntitySchema<NodeRow> {
  return entity<NodeRow>('triggers_node', {
    id: kinds.key,
    name: kinds.text,
    leaseUntil: kinds.instant,
    leaseMs: kinds.count,
    startedAt: kinds.instant,
    workflows: kinds.text,
    roles: kinds.text,
    pools: kinds.text,
    concurrency: kinds.int,
    host: kinds.text,
    pid: kinds.int,
    version: kinds.text,
  });
}
