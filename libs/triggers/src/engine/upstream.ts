import type { JsonObject } from '../model/json.js';
import { batch } from '../store/dialects/batch.js';
import type { ClaimedTask } from '../store/claimer.js';
import type { Store } from '../store/store.service.js';
import type { Upstream } from '../workflows/workflow.definition.js';

const READ_UPSTREAM = batch(
  'task_upstream',
  { _execution: 'text', _task: 'text' },
  () =>
    `SELECT t.task, t.state, t.output FROM g JOIN triggers_task t ON t.execution_id = g._execution AND t.task = g._task`,
);

/** How the direct dependencies of a task ended. Read from their rows, for tasks that have a `when`. */
export async function readUpstream(store: Store, { facts, place }: ClaimedTask): Promise<Upstream> {
  const rows = await store.read(
    READ_UPSTREAM,
    place.dependencies.map((task) => [facts.executionId, task]),
  );
  const upstream: Record<string, Upstream[string]> = {};
  for (const row of rows) {
    upstream[row['task'] as string] = {
      state: row['state'] as Upstream[string]['state'],
      output: row['output'] === null ? undefined : (JSON.parse(row['output'] as string) as JsonObject),
    };
  }
  return upstream;
}
