import { hash } from 'node:crypto';
import type { EntityMetadata } from 'typeorm';
import type { EntityOperation } from '../entity-change.js';

/** What an entity trigger asks of a table. */
export interface Watch {
  readonly metadata: EntityMetadata;
  readonly on: readonly EntityOperation[];
  /** Names in the database; `null`: every column. */
  readonly columns: readonly string[] | null;
}

/** A statement that the database runs for a row. */
export const ROW_OPERATIONS = ['insert', 'update', 'delete'] as const;
export type RowOperation = (typeof ROW_OPERATIONS)[number];

/** A table of the application, with everything that any entity trigger asks of it. */
export interface WatchedTable {
  /** What its outbox rows are known by: TypeORM's path of the table. */
  readonly path: string;
  readonly schema: string | undefined;
  readonly name: string;
  readonly operations: readonly RowOperation[];
  /** The columns whose updates are captured; `null`: any. */
  readonly changed: readonly string[] | null;
  /** The columns that are captured, where they have to be named. */
  readonly columns: readonly string[];
}

/** The tables of these triggers; several triggers of one table ask for one capture. */
export function watchedTables(watches: readonly Watch[]): readonly WatchedTable[] {
  const byPath = new Map<string, Watch[]>();
  for (const watch of watches) {
    const { tablePath } = watch.metadata;
    byPath.set(tablePath, [...(byPath.get(tablePath) ?? []), watch]);
  }
  return [...byPath].map(([path, own]) => tableOf(path, own));
}

/** Twelve digits that say whether what is installed is what would be installed now. */
export function fingerprint(text: string): string {
  return hash('sha256', text, 'hex').slice(0, 12);
}

function tableOf(path: string, watches: readonly Watch[]): WatchedTable {
  const [{ metadata }] = watches as readonly [Watch];
  const changed = watches.map(changedOf);
  const named = changed.filter((columns) => columns !== null).flat();
  return {
    path,
    schema: metadata.schema,
    name: metadata.tableName,
    operations: ROW_OPERATIONS.filter((operation) => watches.some((watch) => operationsOf(watch).includes(operation))),
    changed: changed.includes(null) ? null : sorted(named),
    columns: sorted([...watches.flatMap((watch) => shown(watch.metadata)), ...named]),
  };
}

function operationsOf({ on, metadata }: Watch): readonly RowOperation[] {
  // Soft-deleting and restoring are updates.
  const updates = on.includes('update') || metadata.deleteDateColumn !== undefined;
  return [
    ...(on.includes('insert') ? (['insert'] as const) : []),
    ...(updates ? (['update'] as const) : []),
    ...(on.includes('remove') ? (['delete'] as const) : []),
  ];
}

function changedOf({ on, columns, metadata }: Watch): readonly string[] | null {
  const marks = metadata.deleteDateColumn === undefined ? [] : [metadata.deleteDateColumn.databaseName];
  if (!on.includes('update')) return marks;
  return columns === null ? null : [...columns, ...marks];
}

/** What nobody selects by default is not told either, unless it decides something. */
function shown({ columns, deleteDateColumn, discriminatorColumn }: EntityMetadata): readonly string[] {
  return columns
    .filter((column) => !column.isVirtualProperty)
    .filter((column) => column.isSelect || column === deleteDateColumn || column === discriminatorColumn)
    .map(({ databaseName }) => databaseName);
}

function sorted(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort();
}
