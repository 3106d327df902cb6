import { batch, run, send, toDate } from '../dialects/batch.js';
import type { Batch, Row, Work } from '../dialects/batch.js';
import { TransactionFailure } from '../dialects/dialect.js';
import type { ExecutionId, FiringId } from '../../model/ids.js';
import type { FiringState } from '../../model/states.js';
import { HOLD, inKeyOrder, keyOf } from './dedup.keys.js';
import type { Key } from './dedup.keys.js';
import type { DedupWish } from './firing.draft.js';

/** Rounds after which the whole group is repeated instead. */
const MAX_ROUNDS = 8;

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

/** Who holds a key. */
export interface Holder {
  readonly firingId: FiringId;
  readonly state: FiringState | 'pruned';
  readonly executionIds: readonly ExecutionId[];
  readonly coolingDownUntil: Date | null;
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
