import { batch, run, send, toDate } from '../dialects/batch.js';
import type { Batch, Row, Work } from '../dialects/batch.js';
import { TransactionFailure } from '../dialects/dialect.js';
import type { DedupHold } from '../claimer.js';
import type { ExecutionId, FiringId } from '../../model/ids.js';
import type { FiringState } from '../../model/states.js';
import type { DedupWish } from './firing.draft.js';

/** Rounds after which the whole group is repeated instead. */
const MAX_ROUNDS = 8;

const HOLD = { _trigger: 'text', _key: 'bytes', _firing: 'text' } as const;

const TAKE = batch(
  'dedup_take',
  { ...HOLD, _expires: 'instant' },
  ({ now }) => `INSERT INTO triggers_dedup (trigger, key, firing_id, expires_at)
    SELECT _trigger, _key, _firing, _expires FROM g WHERE true
    ON CONFLICT (trigger, key) DO UPDATE SET firing_id = excluded.firing_id, expires_at = excluded.expires_at
      WHERE triggers_dedup.expires_at <= ${now} OR triggers_dedup.firing_id = excluded.firing_id
    RETURNING trigger, key`,
);

/** A replay ignores what is left of a window or a cool-down, but not a key that a running execution holds. */
const TAKE_FOR_REPLAY = batch(
  'dedup_take_replay',
  { ...HOLD, _expires: 'instant' },
  () => `INSERT INTO triggers_dedup (trigger, key, firing_id, expires_at)
    SELECT _trigger, _key, _firing, _expires FROM g WHERE true
    ON CONFLICT (trigger, key) DO UPDATE SET firing_id = excluded.firing_id, expires_at = excluded.expires_at
      WHERE triggers_dedup.expires_at IS NOT NULL OR triggers_dedup.firing_id = excluded.firing_id
    RETURNING trigger, key`,
);

/** What stands for a key that nobody has while it is locked: over at once, so anybody may take it. */
const NOBODY = { firingId: '', expiresAt: 0 } as const;

const LOCK: Batch = {
  name: 'dedup_lock',
  columns: { ...HOLD, _expires: 'at' },
  onlyLocks: true,
  sql: () => `INSERT INTO triggers_dedup (trigger, key, firing_id, expires_at)
    SELECT _trigger, _key, _firing, _expires FROM g WHERE true
    ON CONFLICT (trigger, key) DO UPDATE SET firing_id = excluded.firing_id WHERE false`,
};

/** A DELETE takes its rows in the order of its plan. On Postgres `g` knows the places of its rows. */
const LOCK_TAKEN: Batch = {
  name: 'dedup_lock_taken',
  columns: HOLD,
  onlyLocks: true,
  sql: ({ forUpdate }) => `SELECT 1 FROM g JOIN triggers_dedup d ON d.trigger = g._trigger AND d.key = g._key
    ORDER BY g._at ${forUpdate} OF d`,
};

const UNLOCK: Batch = {
  name: 'dedup_unlock',
  columns: HOLD,
  onlyLocks: true,
  sql: () => `DELETE FROM triggers_dedup WHERE (trigger, key, firing_id) IN (SELECT _trigger, _key, _firing FROM g)`,
};

const HOLDER = batch(
  'dedup_holder',
  { _trigger: 'text', _key: 'bytes' },
  ({ now }) => `SELECT d.trigger, d.key, d.firing_id, d.expires_at, d.failures, f.state, f.executions
    FROM g JOIN triggers_dedup d ON d.trigger = g._trigger AND d.key = g._key
    LEFT JOIN triggers_firing f ON f.id = d.firing_id
    WHERE d.expires_at IS NULL OR d.expires_at > ${now}`,
);

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

/** A key as its row has it. */
export type Key = Pick<DedupHold, 'space' | 'key'>;

/** A key that a firing has taken. */
export interface TakenBy {
  readonly hold: Key;
  readonly firingId: FiringId;
}

/** A key together with the firing that wants or holds it. */
export interface HeldBy extends TakenBy {
  readonly hold: DedupHold;
}

/** Who holds a key. */
export interface Holder {
  readonly firingId: FiringId;
  readonly state: FiringState | 'pruned';
  readonly executionIds: readonly ExecutionId[];
  readonly coolingDownUntil: Date | null;
}

/** A key as a text, for maps. */
export function keyOf(hold: Key): string {
  return `${hold.space}\u0000${hold.key.toString('hex')}`;
}

/** In the order in which every commit asks for its keys. Each text is made once, not at every comparison: that cost as much as a row. */
export function inKeyOrder<T>(items: readonly T[], keyFor: (item: T) => Key): T[] {
  const named = items.map((item) => ({ item, name: keyOf(keyFor(item)) }));
  return named.sort((a, b) => (a.name < b.name ? -1 : 1)).map(({ item }) => item);
}

/** A key that a firing wants. */
export interface Contender {
  readonly wish: DedupWish;
  readonly firingId: FiringId;
}

/**
 * Takes keys; returns who holds those that were not won, by {@link keyOf}. A unique row decides, so of any number of racers
 * one wins. A key that is released between two statements is contended for again.
 */
export function* contend(contenders: readonly Contender[]): Work<Map<string, Holder>> {
  const holders = new Map<string, Holder>();
  let open = inKeyOrder(contenders, ({ wish }) => wish);
  for (let round = 0; open.length > 0; round += 1) {
    if (round === MAX_ROUNDS)
      throw new TransactionFailure('conflict', 'rolledBack', 'dedup keys change hands too fast');
    const won = yield* take(open);
    const lost = open.filter(({ wish }) => !won.has(keyOf(wish)));
    for (const [key, holder] of yield* findHolders(lost.map(({ wish }) => wish))) holders.set(key, holder);
    open = lost.filter(({ wish }) => !holders.has(keyOf(wish)));
  }
  return holders;
}

/** Takes those of the keys that are free, and says which, by {@link keyOf}. A group asks for its keys in their order. */
export function* take(contenders: readonly Contender[]): Work<Set<string>> {
  const rows = (replay: boolean): unknown[][] =>
    contenders
      .filter(({ wish }) => wish.replay === replay)
      .map(({ wish, firingId }) => [wish.space, wish.key, firingId, wish.windowMs]);
  const won = [...(yield* run(TAKE, rows(false))), ...(yield* run(TAKE_FOR_REPLAY, rows(true)))];
  return new Set(won.map(keyOfRow));
}

function keyOfRow(row: Row): string {
  return keyOf({ space: row['trigger'] as string, key: row['key'] as Buffer });
}

/**
 * Locks keys in this order, those too that nobody has, so that commits which take and look at the same keys wait for each other at the first of
 * them and never in a circle. They stand still until the commit: of two that take and look at one key the slower sees what the other has done.
 *
 * @param keys each once
 */
export function* lockKeys(keys: readonly Key[]): Work<void> {
  yield* send(
    LOCK,
    keys.map(({ space, key }) => [space, key, NOBODY.firingId, NOBODY.expiresAt]),
  );
}

/** Leaves no trace of locked keys that nobody has taken. */
export function* unlockKeys(keys: readonly Key[]): Work<void> {
  yield* send(
    UNLOCK,
    keys.map(({ space, key }) => [space, key, NOBODY.firingId]),
  );
}

/** Who holds these keys now, by {@link keyOf}; a free key is absent. */
export function* findHolders(holds: readonly Key[]): Work<Map<string, Holder>> {
  const rows = yield* run(
    HOLDER,
    holds.map((hold) => [hold.space, hold.key]),
  );
  return new Map(
    rows.map((row) => [
      keyOfRow(row),
      {
        firingId: row['firing_id'] as FiringId,
        state: (row['state'] as FiringState | null) ?? 'pruned',
        executionIds: JSON.parse((row['executions'] as string | null) ?? '[]') as ExecutionId[],
        coolingDownUntil: Number(row['failures']) > 0 ? toDate(row['expires_at']) : null,
      },
    ]),
  );
}

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
