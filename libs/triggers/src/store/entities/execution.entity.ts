import type { EntitySchema } from 'typeorm';
import { entity } from './column-types.js';
import type { ColumnKinds } from './column-types.js';
import type { ExecutionRow } from './rows.js';

/** Executions. */
export function executionEntity(kinds: ColumnKinds): EntitySchema<ExecutionRow> {
  return entity<ExecutionRow>('triggers_execution', {
    id: kinds.key,
    firingId: kinds.text,
    workflow: kinds.text,
    workflowHash: kinds.text,
    trigger: kinds.maybe,
    state: kinds.text,
    openEnds: kinds.int,
    failedTasks: kinds.int,
    error: kinds.maybe,
    callback: kinds.maybe,
    callbackState: kinds.maybe,
    callbackError: kinds.maybe,
    callbackOwner: kinds.maybe,
    initiatedBy: kinds.maybe,
    replayOf: kinds.maybe,
    createdAt: kinds.instant,
    startedAt: kinds.instant,
    finishedAt: kinds.instant,
    closedAt: kinds.instant,
    closedBy: kinds.maybe,
  });
}
