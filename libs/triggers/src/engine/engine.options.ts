import { hostname } from 'node:os';
import { quoteAll } from '../model/text.js';
import { parseDuration } from '../model/duration.js';
import type { Duration } from '../model/duration.js';
import { TriggersError } from '../model/errors.js';

/** How long history is kept. */
export interface RetentionOptions {
  /** Polls that started nothing. @default '24h' */
  readonly skips?: Duration | 'forever';
  /** Completed and cancelled executions with their firings. @default '30d' */
  readonly completed?: Duration | 'forever';
  /** Failed executions and dead letters with their firings. @default '90d' */
  readonly failed?: Duration | 'forever';
  /** The record of what operators did. @default '365d' */
  readonly audit?: Duration | 'forever';
}

/** Options of the engine of one process. */
export interface EngineOptions {
  readonly worker?: {
    /** Tasks that run at once in this process. @default 20 */
    readonly concurrency?: number;
    /** The pools whose tasks this process runs. @default every pool that its workflows declare */
    readonly pools?: readonly string[];
  };
  readonly node?: {
    /** How operators call this process. @default the host's name and the process id */
    readonly name?: string;
    /** How long this node's work stays its own when it does not answer. Renewed every third of it. @default '30s' */
    readonly lease?: Duration;
  };
  readonly shutdown?: {
    /** How long running tasks may go on after SIGTERM before they are aborted and released. @default '20s' */
    readonly drain?: Duration;
  };
  readonly retention?: RetentionOptions;
}

/** {@link EngineOptions} with nothing left open, in ms; `null` keeps for ever. */
export interface ResolvedEngineOptions {
  readonly concurrency: number;
  /** `null`: every pool that the workflows of this process declare. */
  readonly pools: readonly string[] | null;
  readonly nodeName: string;
  readonly leaseMs: number;
  readonly drainMs: number;
  readonly retention: {
    readonly skipsMs: number | null;
    readonly completedMs: number | null;
    readonly failedMs: number | null;
    readonly auditMs: number | null;
  };
}

/** The defaults of {@link EngineOptions}. */
export const DEFAULT_ENGINE_OPTIONS = {
  concurrency: 20,
  lease: '30s',
  drain: '20s',
  retention: { skips: '24h', completed: '30d', failed: '90d', audit: '365d' },
} as const;

const MIN_LEASE_MS = 300;

/**
 * Checks the options of the engine and fills in the defaults.
 *
 * @throws TRG_DEF_INVALID_OPTION, TRG_DEF_INVALID_DURATION
 */
export function resolveEngineOptions(options: EngineOptions): ResolvedEngineOptions {
  const { worker = {}, node = {}, shutdown = {}, retention = {} } = options;
  return {
    concurrency: concurrency(worker.concurrency ?? DEFAULT_ENGINE_OPTIONS.concurrency),
    pools: worker.pools === undefined ? null : pools(worker.pools),
    nodeName: node.name ?? `${hostname()}-${process.pid}`,
    leaseMs: lease(node.lease ?? DEFAULT_ENGINE_OPTIONS.lease),
    drainMs: parseDuration(shutdown.drain ?? DEFAULT_ENGINE_OPTIONS.drain, 'Option "shutdown.drain"'),
    retention: {
      skipsMs: retentionMs(retention, 'skips'),
      completedMs: retentionMs(retention, 'completed'),
      failedMs: retentionMs(retention, 'failed'),
      auditMs: retentionMs(retention, 'audit'),
    },
  };
}

function concurrency(value: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= 10_000) return value;
  throw refuse('worker.concurrency', `is ${value}; use a whole number from 1 to 10000`);
}

function pools(names: readonly string[]): readonly string[] {
  const given: unknown = names;
  if (!Array.isArray(given) || names.length === 0)
    throw refuse('worker.pools', 'names no pool; leave it out for all pools');
  return [...new Set(names)];
}

/** @throws TRG_DEF_INVALID_OPTION for a pool of `worker.pools` that no workflow declares */
export function checkPools({ pools }: Pick<ResolvedEngineOptions, 'pools'>, known: readonly string[]): void {
  const unknown = (pools ?? []).filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw refuse('worker.pools', `has ${quoteAll(unknown)}, which no task declares. Known: ${quoteAll(known)}`);
}

function lease(text: Duration): number {
  const leaseMs = parseDuration(text, 'Option "node.lease"');
  if (leaseMs >= MIN_LEASE_MS) return leaseMs;
  throw refuse('node.lease', `is ${leaseMs}ms; use at least ${MIN_LEASE_MS}ms`);
}

function retentionMs(retention: RetentionOptions, of: keyof RetentionOptions): number | null {
  const kept = retention[of] ?? DEFAULT_ENGINE_OPTIONS.retention[of];
  return kept === 'forever' ? null : parseDuration(kept, `Option "retention.${of}"`);
}

function refuse(name: string, problem: string): TriggersError {
  return new TriggersError('TRG_DEF_INVALID_OPTION', `Option "${name}" ${problem}.`);
}
