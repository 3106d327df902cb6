import { COMMIT_ORDER } from '../commit-kind.js';
import type { CommitKind } from '../commit-kind.js';
import { commitFiringsOfEach, firingBytes } from './firing.commit.js';
import type { FiringDraft, FiringVerdict } from './firing.draft.js';

/**
 * Several firings that came together, each with a verdict of its own; but beyond the rate limit, or where no more is held, nothing of them is
 * stored: whoever sent them comes again with all of them.
 */
export const DELIVERY: CommitKind<readonly FiringDraft[], readonly FiringVerdict[]> = {
  name: 'delivery',
  order: COMMIT_ORDER.delivery,
  bytes: (drafts) => drafts.reduce((sum, draft) => sum + firingBytes(draft), 0),
  run: (deliveries, scope) => commitFiringsOfEach(deliveries, scope, deliveries),
};
