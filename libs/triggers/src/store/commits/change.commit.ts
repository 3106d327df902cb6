import { COMMIT_ORDER } from '../commit-kind.js';
import type { CommitKind, CommitScope } from '../commit-kind.js';
import type { Work } from '../dialects/batch.js';

/** Any other unit of work: what operators do, leases, pruning, counters. It must be repeatable. */
export type Change<R = unknown> = (scope: CommitScope) => Work<R>;

/** Units of work that are too rare to be folded statement by statement; they share the transaction all the same. */
export const CHANGE: CommitKind<Change, unknown> = {
  name: 'change',
  order: COMMIT_ORDER.change,
  bytes: () => 1_000,
  *run(items, scope) {
    const outcomes: unknown[] = [];
    for (const change of items) outcomes.push(yield* change(scope));
    return outcomes;
  },
};
