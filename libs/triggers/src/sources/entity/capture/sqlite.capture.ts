import { CAPTURE, OUTBOX, literal, quoted } from './capture-sql.js';
import type { CaptureSql, CaptureTrigger } from './capture-sql.js';
import { fingerprint } from './watched-table.js';
import type { RowOperation, WatchedTable } from './watched-table.js';

/** SQLite functions took 127 arguments for long; two are one column. */
const COLUMNS_PER_OBJECT = 50;

const OUTBOX_TABLE = `CREATE TABLE IF NOT EXISTS ${quoted(OUTBOX)} (
  "id" integer PRIMARY KEY,
  "key" text NOT NULL DEFAULT (lower(hex(randomblob(16)))),
  "entity" text NOT NULL,
  "operation" text NOT NULL,
  "old" text,
  "new" text,
  "cause" text,
  "created_at" text NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
)`;

/**
 * Capture on SQLite: up to three triggers for each table, which name every column. The key of a row is random, because ids of
 * an empty table begin anew, and because a database that was restored from a backup gives the same ids again.
 */
export function sqliteCapture(tables: readonly WatchedTable[]): CaptureSql {
  return {
    prepare: [OUTBOX_TABLE],
    triggers: tables.flatMap((table) => table.operations.map((operation) => triggerOf(table, operation))),
  };
}

function triggerOf(table: WatchedTable, operation: RowOperation): CaptureTrigger {
  const event = `AFTER ${operation.toUpperCase()} ON ${quoted(table.name)}${whenOf(table, operation)}`;
  const old = operation === 'insert' ? 'NULL' : rowOf('OLD', table);
  const fresh = operation === 'delete' ? 'NULL' : rowOf('NEW', table);
  const body = `${event}
BEGIN
  INSERT INTO ${quoted(OUTBOX)} ("entity", "operation", "old", "new")
  VALUES (${literal(table.path)}, '${operation}', ${old}, ${fresh});
END`;
  const name = `${CAPTURE}${fingerprint(body)}`;
  return { name, table: quoted(table.name), create: `CREATE TRIGGER IF NOT EXISTS ${quoted(name)} ${body}` };
}

/** Whether bytes differ: a column that ignores case would otherwise ignore a change of it. */
function whenOf({ changed, columns }: WatchedTable, operation: RowOperation): string {
  if (operation !== 'update') return '';
  const differs = (changed ?? columns).map(
    (column) => `OLD.${quoted(column)} COLLATE BINARY IS NOT NEW.${quoted(column)}`,
  );
  return `\nWHEN ${differs.join(' OR ')}`;
}

/** A JSON object of a row. JSON cannot hold bytes, and SQLite would fail the write of the application: they are written in hex. */
function rowOf(row: 'OLD' | 'NEW', { columns }: WatchedTable): string {
  const members = columns.map((column) => {
    const value = `${row}.${quoted(column)}`;
    return `${literal(column)}, CASE typeof(${value}) WHEN 'blob' THEN hex(${value}) ELSE ${value} END`;
  });
  const objects: string[] = [];
  for (let at = 0; at < members.length; at += COLUMNS_PER_OBJECT)
    objects.push(`json_object(${members.slice(at, at + COLUMNS_PER_OBJECT).join(', ')})`);
  const [first = "'{}'", ...rest] = objects;
  return rest.reduce(
    (joined, object) => `substr(${joined}, 1, length(${joined}) - 1) || ',' || substr(${object}, 2)`,
    first,
  );
}
