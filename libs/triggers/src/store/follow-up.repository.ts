import type { ExecutionId, FollowUpId, NodeId } from '../model/ids.js';
import { batch, run } from './dialects/batch.js';
import type { Rows, Work } from './dialects/batch.js';
import { ENDED_OUTPUTS } from './ended-execution.js';
import type { FollowRule, FollowUp } from './followers.js';
import { ASKING, asking, isOrphaned } from './orphaned.js';

/** A trigger that no node has declared for so long follows nothing more. */
const DECLARED_WITHIN_MS = 600_000;
/** Follow-ups that are looked for in one go. */
export const MAX_FOLLOW_UPS = 500;

const READ_RULES = batch(
  'follow_rules',
  { _since: 'instant' },
  () => `SELECT name, follows FROM triggers_trigger WHERE follows IS NOT NULL AND seen_at > (SELECT _since FROM g)`,
);

const ORPHANED = batch(
  'follow_up_orphaned',
  { ...ASKING, _declared: 'text', _limit: 'int' },
  ({ now, isAmong }) => `SELECT id, execution_id, trigger FROM triggers_follow_up
    WHERE ${isAmong('trigger', '(SELECT _declared FROM g)')} AND ${isOrphaned('owner', now)}
    ORDER BY id LIMIT (SELECT _limit FROM g)`,
);

const READ_END = batch(
  'follow_up_read',
  { _id: 'text' },
  () => `SELECT u.id, u.state, u.error, u.finished_at, e.id AS execution_id, e.workflow, e.trigger, f.context, f.depth, t.enabled_override
    FROM g JOIN triggers_follow_up u ON u.id = g._id JOIN triggers_execution e ON e.id = u.execution_id
    JOIN triggers_firing f ON f.id = e.firing_id LEFT JOIN triggers_trigger t ON t.name = u.trigger`,
);

/** What the triggers that some node declares follow, by their names. */
export function* readFollowRules(): Work<ReadonlyMap<string, FollowRule>> {
  const rows = yield* run(READ_RULES, [[-DECLARED_WITHIN_MS]]);
  return new Map(rows.map((row) => [row['name'] as string, JSON.parse(row['follows'] as string) as FollowRule]));
}

/** Follow-ups of these triggers whose node is dead or has forgotten them, the longest waiting first, at most {@link MAX_FOLLOW_UPS}. */
export function* orphanedFollowUps(declared: readonly string[], me: NodeId): Work<readonly FollowUp[]> {
  const rows = yield* run(ORPHANED, [[...asking(me), JSON.stringify(declared), MAX_FOLLOW_UPS]]);
  return rows.map((row) => ({
    id: row['id'] as FollowUpId,
    executionId: row['execution_id'] as ExecutionId,
    trigger: row['trigger'] as string,
  }));
}

/** The end that is to be followed and the outputs of its execution; `row` is missing when it was followed or pruned. */
export function* readEnd({
  id,
  executionId,
}: FollowUp): Work<{ readonly row: Rows[number] | undefined; readonly outputs: Rows }> {
  const [row] = yield* run(READ_END, [[id]]);
  const outputs = row === undefined ? [] : yield* run(ENDED_OUTPUTS, [[executionId]]);
  return { row, outputs };
}
