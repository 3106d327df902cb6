import { FINISH } from '../store/commits/finish.commit.js';
import type { FinishItem, FinishOutcome } from '../store/commits/finish.commit.js';
import { PUT_BACK_TASK } from '../store/commits/put-back.commit.js';
import type { PutBackItem } from '../store/commits/put-back.commit.js';

/** What each finish is answered with. */
export const WRITTEN: FinishOutcome = { written: true, skipped: [], end: null };

/** The commits of a store that keeps what becomes of tasks. */
export class TaskCommits {
  readonly finished: FinishItem[] = [];
  readonly putBack: PutBackItem[] = [];

  /** @param isRefused whether a task cannot be put back, as its execution was cancelled */
  constructor(private readonly isRefused: (item: PutBackItem) => boolean) {}

  async submit(
    kind: unknown,
    item: FinishItem | PutBackItem,
    options?: { readonly onCommitted: (outcome: FinishOutcome) => void },
  ): Promise<unknown> {
    if (kind === PUT_BACK_TASK) {
      this.putBack.push(item as PutBackItem);
      return !this.isRefused(item as PutBackItem);
    }
    if (kind === FINISH) this.finished.push(item as FinishItem);
    options?.onCommitted(WRITTEN);
    return WRITTEN;
  }
}
