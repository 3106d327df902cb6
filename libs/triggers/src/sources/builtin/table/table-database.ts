import { setTimeout as wait } from 'node:timers/promises';
import { TriggersError } from '../../../model/errors.js';
import type { EntityTable } from './entity-table.js';

/** What is needed of the application's `DataSource`. */
export interface TableDatabase {
  readonly options: { readonly type: string };
  readonly isInitialized: boolean;
  readonly driver: object;
  query(sql: string, parameters?: unknown[]): Promise<unknown>;
  getMetadata(entity: never): EntityTable;
}

/** A row as it is read, with what we added to it. */
export type RawRow = Readonly<Record<string, unknown>>;

interface SqliteConnection {
  readonly inTransaction: boolean;
  prepare(sql: string): { all(...parameters: readonly unknown[]): unknown[] };
}

/** So often, with so much between, until the application is between two of its transactions. */
const TRIES = 100;
const BETWEEN_MS = 10;

/**
 * Reads rows that are committed.
 *
 * On Postgres a connection of the application's pool does. On SQLite TypeORM has one connection for everything, and a statement on
 * it would see what a transaction of the application has written and not committed. So it is read in one go, without a turn of
 * the event loop, at a moment when no transaction is open.
 *
 * @returns `null` when there was no such moment for a second
 * @throws TRG_POLL_SOURCE while the DataSource is not initialized; the error of the database
 */
export async function readRows(
  database: TableDatabase,
  sql: string,
  parameters: readonly unknown[],
  signal: AbortSignal,
): Promise<readonly RawRow[] | null> {
  requireOpen(database);
  if (database.options.type === 'postgres') return (await database.query(sql, [...parameters])) as RawRow[];
  const { databaseConnection: connection } = database.driver as { readonly databaseConnection: SqliteConnection };
  for (let tries = 0; connection.inTransaction; tries++) {
    if (tries === TRIES) return null;
    await wait(BETWEEN_MS, undefined, { signal });
  }
  return connection.prepare(sql).all(...parameters) as RawRow[];
}

/** @throws TRG_POLL_SOURCE while the DataSource is not initialized */
export function requireOpen({ isInitialized }: TableDatabase): void {
  if (isInitialized) return;
  throw new TriggersError(
    'TRG_POLL_SOURCE',
    'The DataSource is not initialized. Initialize it before the application starts.',
  );
}
