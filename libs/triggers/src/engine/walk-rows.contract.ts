import { rowsOf } from '../store/contract/kit.contract.js';
import type { Row } from '../store/dialects/batch.js';
import type { Store } from '../store/store.service.js';
import type { WalkModel } from './walk-model.contract.js';

/** Executions with their tasks as the model has them, to be compared with {@link storedRows}. */
export function modelRows({ executions }: WalkModel): unknown {
  return [...executions.values()]
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map(({ id, state, hasStarted, tasks }) => ({
      id,
      state,
      hasStarted,
      tasks: Object.entries(tasks).map(([task, { state: at, isHeld, attempt, rescues, by }]) => ({
        task,
        state: at,
        isHeld,
        attempt,
        rescues,
        token: by?.token ?? null,
        owner: by?.owner ?? null,
      })),
    }));
}

/** Executions with their tasks as they are stored. */
export async function storedRows(store: Store): Promise<unknown> {
  const tasks = await rowsOf(store, 'task', 'execution_id, ordinal');
  return (await rowsOf(store, 'execution', 'id')).map((row) => ({
    id: row['id'],
    state: row['state'],
    hasStarted: row['started_at'] !== null,
    tasks: tasks.filter((task) => task['execution_id'] === row['id']).map(shown),
  }));
}

function shown(row: Row): unknown {
  const runs = row['state'] === 'running';
  return {
    task: row['task'],
    state: row['state'],
    isHeld: row['held_by'] !== null,
    attempt: Number(row['attempt']),
    rescues: Number(row['rescues']),
    token: runs ? row['lease_token'] : null,
    owner: runs ? row['owner'] : null,
  };
}
