import { MAX_CLOCK_OFFSET_MS } from '../model/clock.js';
import { batch, runOnce } from './dialects/batch.js';
import type { Work } from './dialects/batch.js';

/** The most tasks that one statement dates anew. */
const MAX_TASKS = 500;

/**
 * A clock that was ahead for a moment leaves rows behind that wait for its time. They prove it themselves, whoever wrote them and
 * whether or not he lives: what has begun to wait has begun in the past, and no lease lasts longer than a fresh one. Both statements
 * look at what is alive only, by its own index, and find nothing while the clock goes right.
 *
 * What is dated anew waits from now on for as long as it was to wait, so that a second look finds nothing to do. A task that somebody
 * planned for an instant is left alone: that instant means the same by any clock.
 */
const DATE_TASKS = batch('task_date_anew', {}, ({ now, addMs, msBetween, skipLocked }) => {
  const ahead = addMs(now, String(MAX_CLOCK_OFFSET_MS));
  const planned = `t.run_at <= ${addMs('f.scheduled_for', String(MAX_CLOCK_OFFSET_MS))}`;
  return `WITH misdated AS MATERIALIZED (
      SELECT t.execution_id AS _execution, t.task AS _task, t.run_at AS _until, COALESCE(t.waits_since,
        (SELECT e.created_at FROM triggers_execution e WHERE e.id = t.execution_id)) AS _since
      FROM triggers_task t
      WHERE t.state = 'ready' AND t.run_at > ${ahead}
        AND (t.waits_since > ${ahead} OR (t.waits_since IS NULL AND EXISTS (
          SELECT 1 FROM triggers_execution e JOIN triggers_firing f ON f.id = e.firing_id
          WHERE e.id = t.execution_id AND e.created_at > ${ahead} AND (f.scheduled_for IS NULL OR NOT ${planned}))))
      LIMIT ${MAX_TASKS} ${skipLocked})
    UPDATE triggers_task SET run_at = ${addMs(now, msBetween('_since', '_until'))}, waits_since = ${now}
    FROM misdated WHERE execution_id = _execution AND task = _task RETURNING execution_id`;
});

const DATE_LEASES = batch(
  'node_date_anew',
  {},
  ({ now, addMs }) => `UPDATE triggers_node SET lease_until = ${addMs(now, 'lease_ms')}
    WHERE lease_until > ${addMs(now, `lease_ms + ${MAX_CLOCK_OFFSET_MS}`)}`,
);

/** Dates anew what was written while the clock was ahead. Returns how many tasks; when `full`, there may be more. */
export function* dateAnew(): Work<{ readonly tasks: number; readonly full: boolean }> {
  yield* runOnce(DATE_LEASES);
  const tasks = (yield* runOnce(DATE_TASKS)).length;
  return { tasks, full: tasks === MAX_TASKS };
}
