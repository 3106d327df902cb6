import type { ExecutionId, TaskExecutionId } from '../../model/ids.js';
import type { ReadyTask } from '../claimer.js';
import type { Row } from '../dialects/batch.js';

/** A task that a commit leaves ready; `row` says its id, its pool and its priority. */
export function readyTask(row: Row, executionId: ExecutionId, task: string, inMs: number): ReadyTask {
  const [id, pool] = [row['id'] as TaskExecutionId, row['pool'] as string];
  return { id, executionId, task, pool, priority: Number(row['priority']), inMs };
}
