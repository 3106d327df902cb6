import Database from 'better-sqlite3';
import type { DatabaseOptions } from 'nestjs-triggers';
import pg from 'pg';

/** A connection of our own to a ledger, with the words in which the two databases differ. */
export interface Ledger {
  /** Texts of SQL. */
  readonly words: {
    /** The numbers `from` up to, not including, `to`, as `i`. */
    numbers(from: number, to: number): string;
    /** An expression as hex digits, so many. */
    hex(expression: string, digits: number): string;
    /** Ms since 1970 as an instant. */
    instant(ms: string): string;
  };
  run(sql: string): Promise<void>;
  rows(sql: string): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

export async function openLedger(database: DatabaseOptions): Promise<Ledger> {
  return database.type === 'postgres' ? onPostgres(database.url) : onSqlite(database.path ?? './triggers.db');
}

function onSqlite(path: string): Ledger {
  const db = new Database(path);
  // Only while the history is written; the application opens the file with its own settings.
  db.pragma('synchronous = OFF');
  return {
    words: {
      numbers: (from, to) =>
        `(WITH RECURSIVE n(i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${to}) SELECT i FROM n)`,
      hex: (expression, digits) => `printf('%0${digits}x', ${expression})`,
      instant: (ms) => `strftime('%Y-%m-%dT%H:%M:%fZ', (${ms}) / 1000.0, 'unixepoch')`,
    },
    run: async (sql) => void db.exec(sql),
    rows: async (sql) => db.prepare(sql).all() as Record<string, unknown>[],
    close: async () => {
      db.pragma('wal_checkpoint(TRUNCATE)');
      db.close();
    },
  };
}

async function onPostgres(url: string): Promise<Ledger> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return {
    words: {
      numbers: (from, to) => `(SELECT i FROM generate_series(${from}, ${to - 1}) AS s(i))`,
      hex: (expression, digits) => `lpad(to_hex((${expression})::bigint), ${digits}, '0')`,
      instant: (ms) => `to_timestamp((${ms}) / 1000.0)`,
    },
    run: async (sql) => void (await client.query(sql)),
    rows: async (sql) => (await client.query(sql)).rows as Record<string, unknown>[],
    close: async () => {
      await client.query('VACUUM ANALYZE');
      await client.end();
    },
  };
}
