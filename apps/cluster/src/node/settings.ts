import { hostname } from 'node:os';
import type { Duration, NodeRole } from 'nestjs-triggers';

/** What tells one process of the cluster from the others. The program is the same. */
export interface NodeSettings {
  /** How operators and reports call it. */
  readonly name: string;
  /** `undefined`: all of them. */
  readonly roles: readonly NodeRole[] | undefined;
  /** The pools whose tasks it runs; `undefined`: all of them. */
  readonly pools: readonly string[] | undefined;
  readonly concurrency: number;
  /** `postgres://…`: what the processes share, and all that they have to share. */
  readonly database: string;
  /** `redis://…`: BullMQ tells the processes there which tasks are ready; `undefined`: they ask the database. */
  readonly redis: string | undefined;
  /** How long the work of a process stays its own when it does not answer. */
  readonly lease: Duration;
  readonly token: string | undefined;
  /** The folder that a scheduler looks into. */
  readonly inbox: string;
  /** Where reports are sent; `undefined`: they are printed. */
  readonly deliverTo: string | undefined;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
}

/** Injects {@link NodeSettings}. */
export const SETTINGS = Symbol('settings');

/**
 * Reads the environment; empty counts as not set. What is wrong with roles, pools, durations and addresses is said by the library when
 * the application starts.
 *
 * @throws Error when TRIGGERS_DATABASE is missing
 */
export function readSettings(env: NodeJS.ProcessEnv): NodeSettings {
  const { TRIGGERS_DATABASE, REDIS_URL, TRIGGERS_ADMIN_TOKEN, NODE_NAME, ROLES, POOLS, CONCURRENCY } = env;
  const { LEASE, INBOX_DIR, DELIVER_TO, HOST, PORT } = env;
  if (!TRIGGERS_DATABASE) throw new Error('Set TRIGGERS_DATABASE to postgres://user:password@host:5432/database.');
  return {
    name: NODE_NAME || `${hostname()}-${process.pid}`,
    roles: listOf(ROLES) as NodeRole[] | undefined,
    pools: listOf(POOLS),
    concurrency: Number(CONCURRENCY || 4),
    database: TRIGGERS_DATABASE,
    redis: REDIS_URL || undefined,
    lease: (LEASE || '30s') as Duration,
    token: TRIGGERS_ADMIN_TOKEN || undefined,
    inbox: INBOX_DIR || './inbox',
    deliverTo: DELIVER_TO || undefined,
    host: HOST || '127.0.0.1',
    port: Number(PORT || 3000),
  };
}

/** `api,scheduler` → `['api', 'scheduler']` */
function listOf(text: string | undefined): string[] | undefined {
  return text ? text.split(',').map((word) => word.trim()) : undefined;
}
