import { batch, toDate } from '../store/dialects/batch.js';
import type { Row } from '../store/dialects/batch.js';
import { countReady, readUnservedPools } from '../store/pool.repository.js';
import type { Store } from '../store/store.service.js';
import type { NodeItem, NodesOverview, UnservedPool } from './history.types.js';
import { MAX_EXACT_TOTAL, toTotal } from './page.js';

/** Counts by the index of running tasks, and over the triggers; never over history. */
const READ_NODES = batch(
  'history_nodes',
  {},
  ({
    now,
  }) => `SELECT n.id, n.name, n.host, n.pid, n.version, n.roles, n.pools, n.concurrency, n.workflows, n.started_at,
      n.lease_until, n.lease_until > ${now} AS alive, COALESCE(owned.triggers, 0) AS triggers,
      (SELECT count(*) FROM triggers_task t WHERE t.state = 'running' AND t.owner = n.id) AS tasks
    FROM triggers_node n LEFT JOIN
      (SELECT owner, count(*) AS triggers FROM triggers_trigger WHERE owner IS NOT NULL GROUP BY owner) owned ON owned.owner = n.id
    ORDER BY n.name, n.id`,
);

/** The processes of the application by name, dead ones for a day, and the pools that none of the living serves. */
export async function readNodes(store: Store): Promise<NodesOverview> {
  const [rows, { unserved }] = await Promise.all([store.read(READ_NODES, [[]]), store.look(() => readUnservedPools())]);
  return { items: rows.map(toNodeItem), unservedPools: await Promise.all(unserved.map((pool) => count(store, pool))) };
}

async function count(store: Store, pool: string): Promise<UnservedPool> {
  return { pool, ready: toTotal(await store.look(() => countReady(pool, MAX_EXACT_TOTAL + 1))) };
}

function toNodeItem(row: Row): NodeItem {
  const instant = (column: string): string => toDate(row[column])?.toISOString() ?? '';
  const list = <T>(column: string): readonly T[] => JSON.parse(row[column] as string) as T[];
  return {
    id: row['id'] as string,
    name: row['name'] as string,
    host: row['host'] as string,
    pid: Number(row['pid']),
    version: row['version'] as string,
    roles: list('roles'),
    pools: list('pools'),
    concurrency: Number(row['concurrency']),
    startedAt: instant('started_at'),
    leaseUntil: instant('lease_until'),
    alive: Boolean(row['alive']),
    runningTasks: Number(row['tasks']),
    ownedTriggers: Number(row['triggers']),
    workflows: list('workflows'),
  };
}
