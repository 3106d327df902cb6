import type { NodeId } from '../model/ids.js';
import type { NodeDescription } from '../model/node-description.js';
import { batch, run, runOnce } from './dialects/batch.js';
import type { Batch, Work } from './dialects/batch.js';

const REGISTER = batch(
  'node_register',
  {
    _id: 'text',
    _name: 'text',
    _until: 'instant',
    _ms: 'int',
    _workflows: 'text',
    _roles: 'text',
    _pools: 'text',
    _concurrency: 'int',
    _host: 'text',
    _pid: 'int',
    _version: 'text',
  },
  ({
    now,
    nowMs,
  }) => `INSERT INTO triggers_node (id, name, lease_until, lease_ms, started_at, workflows, roles, pools, concurrency,
      host, pid, version)
    SELECT _id, _name, _until, _ms, ${now}, _workflows, _roles, _pools, _concurrency, _host, _pid, _version FROM g WHERE true
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

const LIVE_HASHES = batch(
  'node_hashes',
  {},
  ({ now }) => `SELECT workflows FROM triggers_node WHERE lease_until > ${now}`,
);

const LIVE_POOLS = batch('node_pools', {}, ({ now }) => `SELECT pools FROM triggers_node WHERE lease_until > ${now}`);

/** The nodes whose lease has not run out, as a table expression with their ids and roles. */
export function livingNodes(now: string): string {
  return `(SELECT id, roles FROM triggers_node WHERE lease_until > ${now})`;
}

/** A statement's test for "this node lives": put it in a WHERE with the column that holds the node. */
export function livingNode(column: string, now: string): string {
  return `EXISTS (SELECT 1 FROM triggers_node n WHERE n.id = ${column} AND n.lease_until > ${now})`;
}

/** A node that takes its lease. */
export interface NodeRegistration extends NodeDescription {
  readonly id: NodeId;
  readonly leaseMs: number;
}

/** Writes this node with a fresh lease; returns the database's present in ms. */
export function* registerNode(node: NodeRegistration): Work<number> {
  const { id, name, leaseMs, workflows, roles, pools, concurrency, host, pid, version } = node;
  const lists = [workflows, roles, pools].map((list) => JSON.stringify(list));
  const [row] = yield* run(REGISTER, [[id, name, leaseMs, leaseMs, ...lists, concurrency, host, pid, version]]);
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

/** Everything that some living node declares, as `workflow:hash`. */
export function liveHashes(): Work<Set<string>> {
  return readLists(LIVE_HASHES, 'workflows');
}

/** The names of the workflows that some living node declares, whatever their shape. */
export function* liveWorkflows(): Work<Set<string>> {
  return new Set([...(yield* liveHashes())].map((shape) => shape.slice(0, shape.lastIndexOf(':'))));
}

/** The pools that some living node serves. */
export function livePools(): Work<Set<string>> {
  return readLists(LIVE_POOLS, 'pools');
}

function* readLists(batch: Batch, column: string): Work<Set<string>> {
  const rows = yield* runOnce(batch);
  return new Set(rows.flatMap((row) => JSON.parse(row[column] as string) as string[]));
}
