import { AsyncLocalStorage } from 'node:async_hooks';
import type { ExecutionId } from './ids.js';

/** Which execution caused what happens now, and how many causes stand behind it. */
export interface Cause {
  readonly executionId: ExecutionId;
  readonly depth: number;
}

/** A firing deeper than this is dead: workflows that start each other in a circle end here. */
export const MAX_DEPTH = 16;

const storage = new AsyncLocalStorage<Cause | undefined>();

/**
 * Runs `work` as caused by an execution; every firing made inside carries it.
 *
 * @param cause `undefined`: by none, whichever runs now
 */
export function causedBy<R>(cause: Cause | undefined, work: () => R): R {
  return storage.run(cause, work);
}

/** The execution whose task runs now, if any. */
export function currentCause(): Cause | undefined {
  return storage.getStore();
}
