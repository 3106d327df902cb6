import { MigrationExecutor } from 'typeorm';
import type { DataSource, MigrationInterface } from 'typeorm';
import { TriggersError } from '../../model/errors.js';
import { quoteAll } from '../../model/text.js';
import { whileBusy } from '../dialects/busy.js';
import type { Dialect } from '../dialects/dialect.js';
import { Initial1781000000000 } from './1781000000000-initial.js';

/** Every migration of this version, oldest first. */
export const MIGRATIONS: readonly (new () => MigrationInterface)[] = [Initial1781000000000];

/** What promises rest on: the tables and the indexes that must be there. */
const EXPECTED_INDEXES = [
  'triggers_trigger_follows',
  'triggers_firing_by_trigger',
  'triggers_firing_waiting',
  'triggers_firing_held',
  'triggers_firing_letter',
  'triggers_execution_by_trigger',
  'triggers_execution_by_workflow',
  'triggers_execution_open',
  'triggers_execution_replays',
  'triggers_task_ready',
  'triggers_task_alone',
  'triggers_task_running',
  'triggers_task_telling',
  'triggers_execution_telling',
  'triggers_tick_by_trigger',
] as const;
const EXPECTED_PRIMARY_KEYS = {
  triggers_node: ['id'],
  triggers_trigger: ['name'],
  triggers_firing: ['id'],
  triggers_dedup: ['trigger', 'key'],
  triggers_delivery: ['trigger', 'key'],
  triggers_rate: ['space'],
  triggers_execution: ['id'],
  triggers_follow_up: ['id'],
  triggers_task: ['execution_id', 'task'],
  triggers_tick: ['id'],
  triggers_audit: ['id'],
} as const;

/**
 * Brings the schema up to date under a lock, so that any number of processes may start at once; then verifies that the
 * keys and indexes are there that exactly-once rests on.
 *
 * @throws TRG_STORE_SCHEMA_NEWER, TRG_STORE_SCHEMA
 */
export async function migrate(dialect: Dialect): Promise<void> {
  await whileBusy(() => dialect.exclusively(() => runMigrations(dialect.writer)));
  await verify(dialect.writer);
}

async function runMigrations(source: DataSource): Promise<void> {
  source.setOptions({ migrations: [...MIGRATIONS] as never });
  (source as unknown as { migrations: MigrationInterface[] }).migrations = MIGRATIONS.map(
    (Migration) => new Migration(),
  );
  const runner = source.createQueryRunner();
  try {
    const executor = new MigrationExecutor(source, runner);
    executor.transaction = source.options.type === 'postgres' ? 'all' : 'none';
    refuseNewer(await executor.getExecutedMigrations());
    await executor.executePendingMigrations();
  } finally {
    await runner.release();
  }
}

function refuseNewer(executed: readonly { readonly name: string }[]): void {
  const known = new Set(MIGRATIONS.map((Migration) => new Migration().name ?? Migration.name));
  const newer = executed.map(({ name }) => name).filter((name) => !known.has(name));
  if (newer.length > 0) {
    throw new TriggersError(
      'TRG_STORE_SCHEMA_NEWER',
      `The database was migrated by a newer version of nestjs-triggers (${quoteAll(newer)}). Deploy that version, or restore a backup.`,
    );
  }
}

async function verify(source: DataSource): Promise<void> {
  const runner = source.createQueryRunner();
  const missing: string[] = [];
  try {
    const tables = await runner.getTables(Object.keys(EXPECTED_PRIMARY_KEYS));
    const indexes = new Set(tables.flatMap((table) => table.indices.map(({ name }) => name)));
    for (const [name, key] of Object.entries(EXPECTED_PRIMARY_KEYS)) {
      const table = tables.find((candidate) => candidate.name.split('.').at(-1) === name);
      const columns = table?.primaryColumns.map((column) => column.name).sort();
      if (columns?.join() !== [...key].sort().join())
        missing.push(table === undefined ? `table ${name}` : `primary key of ${name}`);
    }
    for (const name of EXPECTED_INDEXES) if (!indexes.has(name)) missing.push(`index ${name}`);
  } finally {
    await runner.release();
  }
  if (missing.length > 0) {
    throw new TriggersError(
      'TRG_STORE_SCHEMA',
      `The schema of the store is damaged; missing: ${missing.join(', ')}. Something other than our migrations changed it (synchronize?). Restore it before starting.`,
    );
  }
}
