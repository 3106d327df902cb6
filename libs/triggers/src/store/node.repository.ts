import type { NodeId } from '../model/ids.js';
import { batch, run } from './dialects/batch.js';
import type { Work } from './dialects/batch.js';

const REGISTER = batch(
  'node_register',
  { _id: 'text', _name: 'text', _until: 'instant', _ms: 'int', _workflows: 'text' },
  ({ now, nowMs }) => `INSERT INTO triggers_node (id, name, lease_until, lease_ms, started_at, workflows)
    SELECT _id, _name, _until, _ms, ${now}, _workflows FROM g WHERE true
    ON CONFLICT (id) DO UPDATE SET lease_until = excluded.lease_until RETURNING ${nowMs} AS now_ms`,
);

const RENEW = batch(
  'node_renew',
  { _id: 'text', _until: 'instant' },
  ({ now, nowMs }) =>
    `UPDATE triggers_node SET lease_until = g._until FROM g WHERE id = g._id AND lease_until > ${now} RETURNING ${nowMs} AS now_ms`,
);

const DELETE = batch('node_delete', { _id: 'text' }, () => `DELETE FROM triggers_node WHERE id IN (SELECT _id FROM g)`);

const DELETE_OTHERS = batch(
  'node_delete_others',
  { _id: 'text' },
  () => `DELETE FROM triggers_node WHERE id NOT IN (SELECT _id FROM g)`,
);

/** A statement's test for "this node lives": put it in a WHERE with the column that holds the node. */
export function livingNode(column: string, now: string): string {
  return `EXISTS (SELECT 1 FROM triggers_node n WHERE n.id = ${column} AND n.lease_until > ${now})`;
}

/** Writes this node with a fresh lease; returns the database's present in ms. */
export function* registerNode(node: {
  readonly id: NodeId;
  readonly name: string;
  readonly leaseMs: number;
  readonly workflows: readonly string[];
}): Work<number> {
  const [row] = yield* run(REGISTER, [
    [node.id, node.name, node.leaseMs, node.leaseMs, JSON.stringify(node.workflows)],
  ]);
  return Number(row?.['now_ms']);
}

/** Prolongs a lease that has not run out; returns the database's present in ms. `null`: it has, or the row is gone. */
export function* renewNode(id: NodeId, leaseMs: number): Work<number | null> {
  const [row] = yield* run(RENEW, [[id, leaseMs]]);
  return row === undefined ? null : Number(row['now_ms']);
}

/** Gives a lease back. */
export function* deleteNode(id: NodeId): Work<void> {
  yield* run(DELETE, [[id]]);
}

/** On SQLite the process that owns the file knows that every other node is dead. */
export function* deleteOtherNodes(id: NodeId): Work<void> {
  yield* run(DELETE_OTHERS, [[id]]);
}
