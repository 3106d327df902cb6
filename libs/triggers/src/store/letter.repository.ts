import type { FiringId } from '../model/ids.js';
import { freeKeys } from './commits/dedup-release.statements.js';
import { batch, run } from './dialects/batch.js';
import type { Work } from './dialects/batch.js';

/** A dead firing. */
export const READ_LETTER = batch(
  'letter_read',
  { _id: 'text' },
  ({
    now,
    msBetween,
  }) => `SELECT f.id, f.trigger, f.context, f.payload, f.origin, f.dedup_key, f.dedup_label, f.closed_at,
      f.closed_by, CASE WHEN f.letter_until IS NOT NULL THEN ${msBetween(now, 'f.letter_until')} END AS left_ms
    FROM g JOIN triggers_firing f ON f.id = g._id
    WHERE f.state = 'dead' OR (f.state = 'rejected' AND (f.context IS NOT NULL OR f.payload IS NOT NULL))`,
);

const DISCARD_FIRING = batch(
  'letter_discard',
  { _id: 'text' },
  ({ now }) => `UPDATE triggers_firing SET closed_at = ${now} FROM g
    WHERE id = g._id AND closed_at IS NULL
      AND (state = 'dead' OR (state = 'rejected' AND (context IS NOT NULL OR payload IS NOT NULL))) RETURNING id, dedup_space, dedup_key`,
);

const DISCARD_EXECUTION = batch(
  'letter_discard_execution',
  { _id: 'text' },
  ({ now }) => `UPDATE triggers_execution SET closed_at = ${now} FROM g
    WHERE id = g._id AND closed_at IS NULL AND state = 'failed' RETURNING id`,
);

/** What was accepted in the place of a dead letter; nothing when it was pruned. */
export const READ_ANSWER = batch(
  'letter_answer',
  { _id: 'text' },
  () => `SELECT state, executions, dedup_label FROM triggers_firing WHERE id IN (SELECT _id FROM g)`,
);

/** Closes a dead letter without an answer, and gives back the window that it kept; says whether there was an open one. */
export function* discardLetter(id: string): Work<boolean> {
  const firings = yield* run(DISCARD_FIRING, [[id]]);
  const executions = yield* run(DISCARD_EXECUTION, [[id]]);
  yield* freeKeys(
    firings.flatMap((row) => {
      const [space, key] = [row['dedup_space'] as string | null, row['dedup_key'] as Buffer | null];
      if (space === null || key === null) return [];
      return [{ hold: { space, key }, firingId: row['id'] as FiringId }];
    }),
  );
  return firings.length + executions.length > 0;
}
