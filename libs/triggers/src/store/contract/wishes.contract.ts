import type { ExecutionId } from '../../model/ids.js';
import { cancelExecution, pauseExecution, resumeExecution, retryExecution } from '../execution.repository.js';
import type { ControlOutcome } from '../execution.repository.js';
import type { Store } from '../store.service.js';
import { rowsOf } from './kit.contract.js';

/** What operators wish of an execution. */
export const WISHES = {
  pause: (store: Store, id: ExecutionId) => store.change(() => pauseExecution(id)),
  resume: (store: Store, id: ExecutionId) => store.change((scope) => resumeExecution(id, scope)),
  cancel: (store: Store, id: ExecutionId) => store.change((scope) => cancelExecution(id, scope)),
  retry: (store: Store, id: ExecutionId) => store.change((scope) => retryExecution(id, scope)),
} satisfies Record<string, (store: Store, id: ExecutionId) => Promise<ControlOutcome>>;
/** The states of all tasks, in the order of their graph. */
export async function taskStates(store: Store): Promise<unknown[]> {
  return (await rowsOf(store, 'task', 'ordinal')).map((row) => row['state']);
}
