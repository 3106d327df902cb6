import { batch, send } from '../dialects/batch.js';
import type { Batch, Work } from '../dialects/batch.js';
import type { FiringId } from '../../model/ids.js';
import { HOLD, inKeyOrder } from './dedup.keys.js';
import type { HeldBy, TakenBy } from './dedup.keys.js';

/** A DELETE takes its rows in the order of its plan. On Postgres `g` knows the places of its rows. */
const LOCK_TAKEN: Batch = {
  name: 'dedup_lock_taken',
  columns: HOLD,
  onlyLocks: true,
  sql: ({ forUpdate }) => `SELECT 1 FROM g JOIN triggers_dedup d ON d.trigger = g._trigger AND d.key = g._key
    ORDER BY g._at ${forUpdate} OF d`,
};

/** The trigger may have been renamed since the holder read its key, so the space is that of the firing's row. */
const NOW_IN = `SELECT COALESCE(f.dedup_space, g._trigger) AS _space, g._key, g._firing
  FROM g LEFT JOIN triggers_firing f ON f.id = g._firing AND f.dedup_key = g._key`;

const RELEASE = batch(
  'dedup_release',
  HOLD,
  () => `DELETE FROM triggers_dedup WHERE (trigger, key, firing_id) IN (${NOW_IN})`,
);

/** Whoever comes next with a key that has failed goes on counting: it is free, and what is known of it stays until it is pruned. */
const FREE_FAILED = batch(
  'dedup_free_failed',
  HOLD,
  ({ now }) =>
    `UPDATE triggers_dedup SET expires_at = ${now} WHERE (trigger, key, firing_id) IN (${NOW_IN}) AND failures > 0`,
);

const FREE = batch(
  'dedup_free',
  HOLD,
  () => `DELETE FROM triggers_dedup WHERE (trigger, key, firing_id) IN (${NOW_IN}) AND failures = 0`,
);

/** One minute, doubled with each failure of the key in a row, at most an hour. */
const COOL_DOWN = batch(
  'dedup_cool_down',
  HOLD,
  ({ now, addMs, least }) => `UPDATE triggers_dedup SET failures = failures + 1,
      expires_at = ${addMs(now, least(`60000 * (1 << ${least('failures', '6')})`, '3600000'))}
    FROM (${NOW_IN}) h WHERE trigger = h._space AND key = h._key AND firing_id = h._firing`,
);

const PASS_ON = batch(
  'dedup_pass_on',
  { ...HOLD, _to: 'text' },
  () => `UPDATE triggers_dedup SET firing_id = g._to FROM g
    WHERE trigger = g._trigger AND key = g._key AND firing_id = g._firing`,
);

/** Gives keys back whatever their scope: their firings were refused after all, or discarded. That is neither a failure nor a success of them. */
export function* freeKeys(taken: readonly TakenBy[]): Work<void> {
  const rows = yield* lockTaken(taken);
  yield* send(FREE_FAILED, rows);
  yield* send(FREE, rows);
}

/** Makes another firing the holder of keys. */
export function* passKeysOn(held: readonly (HeldBy & { readonly to: FiringId })[]): Work<void> {
  yield* send(
    PASS_ON,
    held.map(({ hold, firingId, to }) => [hold.space, hold.key, firingId, to]),
  );
}

/** Gives back `running` keys: at once, or after a cool-down when the firing failed. Windows stay. */
export function* releaseKeys(ended: readonly (HeldBy & { readonly failed: boolean })[]): Work<void> {
  const running = ended.filter(({ hold }) => hold.scope === 'running');
  const isCooling = ({ hold, failed }: (typeof running)[number]): boolean => failed && hold.cooldown;
  yield* lockTaken(running);
  yield* send(RELEASE, rowsOf(running.filter((one) => !isCooling(one))));
  yield* send(COOL_DOWN, rowsOf(running.filter(isCooling)));
}

/** Locks keys that are about to be given back in the order in which others take them; returns them in it. */
function* lockTaken(taken: readonly TakenBy[]): Work<unknown[][]> {
  const rows = rowsOf(taken);
  if (rows.length > 1) yield* send(LOCK_TAKEN, rows);
  return rows;
}

function rowsOf(taken: readonly TakenBy[]): unknown[][] {
  return inKeyOrder(taken, ({ hold }) => hold).map(({ hold, firingId }) => [hold.space, hold.key, firingId]);
}
