import type { LedgerRows, Row } from '../stores/ledger.js';
import type { Work } from '../worker/effects.js';

export const ENDED: ReadonlySet<unknown> = new Set(['completed', 'failed', 'cancelled']);

/** A firing with its item and its executions. */
export interface FiringView {
  readonly id: string;
  readonly trigger: string | null;
  readonly work: Work;
  readonly executions: readonly ExecutionView[];
  readonly createdAt: number;
  /** Of a tick. */
  readonly scheduledFor: number;
}

/** An execution with its tasks. */
export interface ExecutionView {
  readonly id: string;
  readonly workflow: string;
  readonly state: string;
  readonly row: Row;
  readonly tasks: readonly Row[];
  readonly finishedAt: number;
}

/** A process, alive or not. */
export interface NodeView {
  readonly name: string;
  readonly leaseUntil: number;
}

/** The rows of a ledger, joined in memory as the checker needs them. */
export class LedgerView {
  readonly executions: readonly ExecutionView[];
  readonly firings: readonly FiringView[];
  readonly triggers: ReadonlyMap<string, Row>;
  /** By id, as rows name their owner. */
  readonly nodes: ReadonlyMap<unknown, NodeView>;
  /** Firings that are no accepted ones: nothing that is fed is refused. */
  readonly others: readonly Row[];
  /** Ends that nobody has followed yet. */
  readonly followUps: readonly Row[];
  /** What the application has committed. */
  readonly entries: readonly Row[];
  /** What of it is not fired yet. */
  readonly outbox: readonly Row[];

  constructor(rows: LedgerRows) {
    const tasks = groupBy(rows.tasks, 'execution_id');
    this.executions = rows.executions.map((row) => ({
      id: String(row['id']),
      workflow: String(row['workflow']),
      state: String(row['state']),
      row,
      tasks: tasks.get(row['id']) ?? [],
      finishedAt: instant(row['finished_at']),
    }));
    const byFiring = groupBy(this.executions, ({ row }) => row['firing_id']);
    this.firings = rows.firings
      .filter(({ state }) => state === 'accepted')
      .map((row) => ({
        id: String(row['id']),
        trigger: row['trigger'] as string | null,
        work: JSON.parse(String(row['context'])) as Work,
        executions: byFiring.get(row['id']) ?? [],
        createdAt: instant(row['created_at']),
        scheduledFor: instant(row['scheduled_for']),
      }));
    this.others = rows.firings.filter(({ state }) => state !== 'accepted');
    this.followUps = rows.followUps;
    this.entries = rows.entries;
    this.outbox = rows.outbox;
    this.triggers = new Map(rows.triggers.map((row) => [String(row['name']), row]));
    this.nodes = new Map(
      rows.nodes.map((row) => [row['id'], { name: String(row['name']), leaseUntil: instant(row['lease_until']) }]),
    );
  }

  /** The firings of one way of firing; `null` for those that no trigger made. */
  of(trigger: string | null): readonly FiringView[] {
    return this.firings.filter((firing) => firing.trigger === trigger);
  }

  /** The same by item. */
  byItem(trigger: string | null): ReadonlyMap<unknown, readonly FiringView[]> {
    return groupBy(this.of(trigger), ({ work }) => work.item);
  }
}

/** Items by what they have in common. */
export function groupBy<T>(items: readonly T[], key: (keyof T & string) | ((item: T) => unknown)): Map<unknown, T[]> {
  const groups = new Map<unknown, T[]>();
  for (const item of items) {
    const name = typeof key === 'string' ? item[key] : key(item);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [item]);
    else group.push(item);
  }
  return groups;
}

/** SQLite has ISO text, Postgres' driver a Date. */
export function instant(value: unknown): number {
  return value === null || value === undefined ? Number.NaN : new Date(value as string | Date).getTime();
}
