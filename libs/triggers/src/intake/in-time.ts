import type { Clock } from '../model/clock.js';
import { orLate } from '../model/patience.js';
import { unanswered } from '../store/commit-errors.js';

/**
 * Whoever names a deadline is answered by then, also while a commit with his firing is on its way or nobody knows what became of it. It may
 * still come: his repeat is a duplicate of that then, as long as the key is held.
 *
 * @param deadlineMs `undefined` and `Infinity`: as long as it takes
 * @throws TRG_STORE_UNAVAILABLE when the deadline passes
 */
export function inTime<T>(clock: Clock, work: Promise<T>, deadlineMs: number | undefined): Promise<T> {
  if (deadlineMs === undefined || deadlineMs === Infinity) return work;
  return orLate(work, deadlineMs, () => Promise.reject(unanswered()), clock);
}
