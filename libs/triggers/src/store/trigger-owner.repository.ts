import type { NodeId } from '../model/ids.js';
import { batch, run } from './dialects/batch.js';
import type { Work } from './dialects/batch.js';
import { livingNode, livingNodes } from './node.repository.js';
import { TRIGGER_COLUMNS, recordOf, wantedBy } from './trigger.repository.js';
import type { TriggerRecord } from './trigger.repository.js';

/** Who polls how many triggers. */
export interface TriggerHoldings {
  /** Every living node, whether it holds any or not. */
  readonly living: readonly NodeId[];
  readonly groups: readonly HeldTriggers[];
}

/** How many triggers have this owner and are wanted by that node; nodes that are dead count as none. */
export interface HeldTriggers {
  /** Whether they are among those that were asked about. */
  readonly asked: boolean;
  readonly owner: NodeId | null;
  readonly wanter: NodeId | null;
  readonly triggers: number;
}

/** A trigger that its owner hands over to the node that wants it. */
export interface HandOver {
  readonly name: string;
  /** As the owner knows it. */
  readonly epoch: number;
  readonly to: NodeId;
}

/** The names of a statement whose one row carries them as a JSON array, because it counts or limits over all of them. */
const ALL_NAMES = '(SELECT _names FROM g)';

/**
 * The choice is made once, before the update: planned as a subquery of it, Postgres may run it again and take more than
 * the limit. A node waits for what another one is taking, finds it taken, and goes on to the next.
 */
const ACQUIRE = batch(
  'trigger_acquire',
  { _names: 'text', _me: 'text', _limit: 'int' },
  ({ now, nowMs, isAmong, forUpdate }) => `, chosen AS MATERIALIZED (
      SELECT name FROM triggers_trigger WHERE ${isAmong('name', ALL_NAMES)}
        AND (owner IS NULL OR owner = (SELECT _me FROM g) OR NOT ${livingNode('owner', now)})
      ORDER BY name LIMIT (SELECT _limit FROM g) ${forUpdate})
    UPDATE triggers_trigger SET owner = (SELECT _me FROM g), wanted_by = NULL, epoch = epoch + 1
    WHERE name IN (SELECT name FROM chosen)
    RETURNING ${TRIGGER_COLUMNS}, NULL AS wanted_by, ${nowMs} AS now_ms`,
);

/** What was handed over to this node on its way, and what it asked for, go back too. */
const RELEASE = batch(
  'trigger_release',
  { _name: 'text', _me: 'text' },
  () => `UPDATE triggers_trigger SET
      owner = CASE WHEN owner = g._me THEN NULL ELSE owner END,
      wanted_by = CASE WHEN owner = g._me OR wanted_by = g._me THEN NULL ELSE wanted_by END
    FROM g WHERE name = g._name AND (owner = g._me OR wanted_by = g._me)`,
);

/** A row that a poll is being committed to is left out: another one will do. */
const WANT = batch(
  'trigger_want',
  { _names: 'text', _me: 'text', _owner: 'text', _limit: 'int' },
  ({ now, isAmong, skipLocked }) => `, chosen AS MATERIALIZED (
      SELECT name FROM triggers_trigger WHERE ${isAmong('name', ALL_NAMES)}
        AND owner = (SELECT _owner FROM g) AND (wanted_by IS NULL OR NOT ${livingNode('wanted_by', now)})
      ORDER BY name LIMIT (SELECT _limit FROM g) ${skipLocked})
    UPDATE triggers_trigger SET wanted_by = (SELECT _me FROM g) WHERE name IN (SELECT name FROM chosen)
    RETURNING name`,
);

const HAND_OVER = batch(
  'trigger_hand_over',
  { _name: 'text', _me: 'text', _epoch: 'int', _to: 'text' },
  ({ now }) => `UPDATE triggers_trigger SET owner = g._to, wanted_by = NULL, epoch = epoch + 1 FROM g
    WHERE name = g._name AND owner = g._me AND epoch = g._epoch AND wanted_by = g._to AND ${livingNode('wanted_by', now)}
    RETURNING name`,
);

/** Counts all triggers by owner and wanter, those that were asked about apart; a row without a count is a node that lives. */
const HOLDINGS = batch(
  'trigger_holdings',
  { _names: 'text' },
  ({ now, isAmong }) => `SELECT ${isAmong('t.name', ALL_NAMES)} AS asked, o.id AS owner,
      CASE WHEN o.id IS NOT NULL THEN w.id END AS wanter, count(*) AS triggers
    FROM triggers_trigger t
    LEFT JOIN ${livingNodes(now)} o ON o.id = t.owner
    LEFT JOIN ${livingNodes(now)} w ON w.id = t.wanted_by
    GROUP BY 1, 2, 3
    UNION ALL SELECT NULL, id, NULL, NULL FROM ${livingNodes(now)} l WHERE l.roles LIKE '%"scheduler"%'`,
);

/** As `READ_TRIGGERS`, of those only that a node owns. */
export const READ_OWNED = batch(
  'trigger_owned',
  { _name: 'text', _me: 'text' },
  ({ now, nowMs }) => `SELECT ${TRIGGER_COLUMNS}, ${wantedBy('wanted_by', now)}, ${nowMs} AS now_ms
    FROM g JOIN triggers_trigger t ON t.name = g._name AND t.owner = g._me`,
);

/** Reads what tells whether an operator or another node changed triggers that this node owns. */
export const READ_STAMPS = batch(
  'trigger_stamps',
  { _name: 'text', _me: 'text' },
  ({ now }) => `SELECT t.name, t.epoch, t.cursor_version, t.interval_override_ms, ${wantedBy('t.wanted_by', now)} FROM g
    JOIN triggers_trigger t ON t.name = g._name AND t.owner = g._me`,
);

/**
 * Takes triggers that nobody alive owns, or this node itself, and raises their epoch.
 *
 * @param limit at most so many of them, all by default; of a race each node gets others
 */
export function* acquireTriggers(names: readonly string[], me: NodeId, limit = names.length): Work<TriggerRecord[]> {
  const rows = yield* run(ACQUIRE, names.length === 0 ? [] : [[JSON.stringify(names), me, limit]]);
  return rows.map((row) => recordOf(row, me));
}

/** Gives triggers of this node up, and what it wanted of these. */
export function* releaseTriggers(names: readonly string[], me: NodeId): Work<void> {
  yield* run(
    RELEASE,
    [...names].sort().map((name) => [name, me]),
  );
}

/**
 * Asks a node for at most so many of these triggers: those that it owns now and that nobody alive wants yet.
 *
 * @returns how many it is asked for
 */
export function* wantTriggers(names: readonly string[], me: NodeId, from: NodeId, limit: number): Work<number> {
  const rows = yield* run(WANT, names.length === 0 ? [] : [[JSON.stringify(names), me, from, limit]]);
  return rows.length;
}

/**
 * Makes the nodes that want these triggers their owners, and raises their epoch: no moment passes without an owner.
 *
 * @returns the names of those that have the new owner; of the others owner, epoch or wanter have changed
 */
export function* handTriggersOver(handOvers: readonly HandOver[], me: NodeId): Work<string[]> {
  const sorted = [...handOvers].sort((a, b) => (a.name < b.name ? -1 : 1));
  const rows = yield* run(
    HAND_OVER,
    sorted.map(({ name, epoch, to }) => [name, me, epoch, to]),
  );
  return rows.map((row) => row['name'] as string);
}

/** Counts who polls how many of these triggers, and how many others, in one statement. */
export function* countHoldings(names: readonly string[]): Work<TriggerHoldings> {
  const rows = yield* run(HOLDINGS, [[JSON.stringify(names)]]);
  const [nodes, counts] = [
    rows.filter((row) => row['triggers'] === null),
    rows.filter((row) => row['triggers'] !== null),
  ];
  return {
    living: nodes.map((row) => row['owner'] as NodeId),
    groups: counts.map((row) => ({
      asked: Boolean(row['asked']),
      owner: row['owner'] as NodeId | null,
      wanter: row['wanter'] as NodeId | null,
      triggers: Number(row['triggers']),
    })),
  };
}
