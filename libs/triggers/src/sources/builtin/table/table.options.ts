import type { AnyClass } from '../../../discovery/metadata.js';
import type { Duration } from '../../../model/duration.js';
import { durationMs, invalid, oneOf, text } from '../option.checks.js';
import type { TableDatabase } from './table-database.js';

/** A row as the driver reads it: a Postgres `bigint` is a text, a date on SQLite too. Keys are columns, or properties of the entity. */
export type TableRow = Readonly<Record<string, unknown>>;

/** What `tableTrigger` and {@link TableSource} look at. */
export interface TableOptions {
  /** The `DataSource` of the application: Postgres, or SQLite by better-sqlite3. */
  readonly dataSource: TableDatabase;
  /** The entity, or the name of a table: `orders`, `sales.orders`. */
  readonly table: AnyClass | string;
  /**
   * The column that only grows: a row that is new, or was changed, has a larger value than all before it had when theirs were
   * taken. An automatic id or `createdAt` finds new rows, `updatedAt` changed ones too; a version that each row counts for itself is none.
   * Give it an index.
   */
  readonly column: string;
  /** What makes a row the same: one column, or several. @default the primary key of the entity; needed with the name of a table */
  readonly key?: string | readonly string[];
  /** Where the very first poll begins: with rows that come after it, or with all. @default DEFAULT_TABLE_OPTIONS.from */
  readonly from?: 'now' | 'beginning';
  /**
   * How long a transaction may take from the moment a row gets its value to its commit: rows become visible in another order than
   * that of their values, and are found up to so much later. @default DEFAULT_TABLE_OPTIONS.lookBack
   */
  readonly lookBack?: Duration;
}

/** The defaults of {@link TableOptions}. */
export const DEFAULT_TABLE_OPTIONS = { from: 'now', lookBack: '10s' } as const satisfies Partial<TableOptions>;

/** {@link TableOptions} with nothing left open; names of columns are looked up when the database is open. */
export interface ResolvedTableOptions {
  readonly dataSource: TableDatabase;
  readonly table: AnyClass | string;
  readonly column: string;
  /** `null`: the primary key of the entity. */
  readonly key: readonly string[] | null;
  readonly from: 'now' | 'beginning';
  readonly lookBackMs: number;
}

const DRIVERS: readonly unknown[] = ['postgres', 'better-sqlite3'];

/** @throws TRG_DEF_INVALID_OPTION, TRG_DEF_INVALID_DURATION */
export function resolveTableOptions(given: TableOptions, where: string): ResolvedTableOptions {
  const { dataSource, table, column, key, from, lookBack } = { ...DEFAULT_TABLE_OPTIONS, ...given };
  const type: unknown = (dataSource as TableDatabase | undefined)?.options?.type;
  if (!DRIVERS.includes(type))
    throw invalid(where, 'dataSource', type, 'a TypeORM DataSource of the type "postgres" or "better-sqlite3"');
  if (typeof table !== 'function') text(where, 'table', table, 'an entity or the name of a table');
  return {
    dataSource,
    table,
    column: text(where, 'column', column, 'the name of a column that only grows'),
    key: keyOf(key, table, where),
    from: oneOf(where, 'from', from, ['now', 'beginning']),
    lookBackMs: durationMs(where, 'lookBack', lookBack),
  };
}

function keyOf(key: unknown, table: unknown, where: string): readonly string[] | null {
  if (key === undefined && typeof table === 'function') return null;
  const names = (Array.isArray(key) ? key : [key]) as readonly unknown[];
  if (names.length === 0) throw invalid(where, 'key', key, 'at least one column');
  return names.map((name) => text(where, 'key', name, 'the column, or the columns, that make a row unique'));
}
