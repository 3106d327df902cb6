import { COMMIT_ORDER } from '../commit-kind.js';
import type { CommitKind, CommitScope } from '../commit-kind.js';
import type { Work } from '../dialects/batch.js';
import { commitFirings, firingBytes } from './firing.commit.js';
import type { FiringDraft, FiringVerdict } from './firing.draft.js';

/**
 * Several firings that came together, each with a verdict of its own; but beyond the rate limit, or where no more is held, nothing of them is
 * stored: whoever sent them comes again with all of them.
 */
export const DELIVERY: CommitKind<readonly FiringDraft[], readonly FiringVerdict[]> = {
  name: 'delivery',
  order: COMMIT_ORDER.delivery,
  bytes: (drafts) => drafts.reduce((sum, draft) => sum + firingBytes(draft), 0),
  run: commitDeliveries,
};

function* commitDeliveries(
  deliveries: readonly (readonly FiringDraft[])[],
  scope: CommitScope,
): Work<readonly (readonly FiringVerdict[])[]> {
  const verdicts = yield* commitFirings(deliveries.flat(), scope, deliveries);
  let at = 0;
  return deliveries.map(({ length }) => verdicts.slice(at, (at += length)));
}
