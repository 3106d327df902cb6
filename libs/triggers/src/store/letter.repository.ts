import { batch, run } from './dialects/batch.js';
import type { Work } from './dialects/batch.js';

/** A dead firing, and what was accepted in its place. */
export const READ_LETTER = batch(
  'letter_read',
  { _id: 'text' },
  () => `SELECT f.id, f.trigger, f.context, f.payload, f.origin, f.dedup_key, f.dedup_label, f.closed_at, f.closed_by,
      a.state AS by_state, a.executions AS by_executions
    FROM g JOIN triggers_firing f ON f.id = g._id LEFT JOIN triggers_firing a ON a.id = f.closed_by
    WHERE f.state = 'dead' OR (f.state = 'rejected' AND (f.context IS NOT NULL OR f.payload IS NOT NULL))`,
);

const DISCARD_FIRING = batch(
  'letter_discard',
  { _id: 'text' },
  ({ now }) => `UPDATE triggers_firing SET closed_at = ${now} FROM g
    WHERE id = g._id AND closed_at IS NULL
      AND (state = 'dead' OR (state = 'rejected' AND (context IS NOT NULL OR payload IS NOT NULL))) RETURNING id`,
);

const DISCARD_EXECUTION = batch(
  'letter_discard_execution',
  { _id: 'text' },
  ({ now }) => `UPDATE triggers_execution SET closed_at = ${now} FROM g
    WHERE id = g._id AND closed_at IS NULL AND state = 'failed' RETURNING id`,
);

/** Closes a dead letter without an answer; says whether there was an open one. */
export function* discardLetter(id: string): Work<boolean> {
  const firings = yield* run(DISCARD_FIRING, [[id]]);
  const executions = yield* run(DISCARD_EXECUTION, [[id]]);
  return firings.length + executions.length > 0;
}
