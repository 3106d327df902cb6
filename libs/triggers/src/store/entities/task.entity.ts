import type { EntitySchema } from 'typeorm';
import { entity } from './column-types.js';
import type { ColumnKinds } from './column-types.js';
import type { TaskRow } from './rows.js';

/** Task executions. */
export function taskEntity(kinds: ColumnKinds): EntitySchema<TaskRow> {
  return entity<TaskRow>('triggers_task', {
    executionId: kinds.key,
    task: kinds.key,
    id: kinds.text,
    ordinal: kinds.int,
    workflow: kinds.text,
    workflowHash: kinds.text,
    pool: kinds.text,
    state: kinds.text,
    graph: kinds.text,
    runWhen: kinds.text,
    openDependencies: kinds.int,
    succeededDependencies: kinds.int,
    failedDependencies: kinds.int,
    skippedDependencies: kinds.int,
    attempt: kinds.int,
    maxAttempts: kinds.int,
    rescues: kinds.int,
    priority: kinds.int,
    runAt: kinds.instant,
    waitsSince: kinds.instant,
    owner: kinds.maybe,
    leaseToken: kinds.maybe,
    heldBy: kinds.maybe,
    startedAt: kinds.instant,
    finishedAt: kinds.instant,
    output: kinds.maybe,
    error: kinds.maybe,
    reason: kinds.maybe,
    attempts: kinds.maybe,
    callback: kinds.maybe,
    callbackState: kinds.maybe,
    callbackError: kinds.maybe,
    callbackOwner: kinds.maybe,
  });
}
