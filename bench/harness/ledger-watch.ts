import { statSync } from 'node:fs';
import Database from 'better-sqlite3';
import type { DatabaseOptions } from 'nestjs-triggers';
import pg from 'pg';

/** One table with its indexes. */
export interface TableSize {
  readonly table: string;
  readonly rows: number;
  readonly bytes: number;
}

/** The ledger's database, looked at by a connection of our own that only reads. */
export interface LedgerWatch {
  tables(): Promise<readonly TableSize[]>;
  /** The database as it lies on the disk; `log` is what SQLite has not moved into it yet. */
  disk(): Promise<{ readonly file: number; readonly log: number }>;
  rows(sql: string): Promise<readonly Record<string, unknown>[]>;
  close(): Promise<void>;
}

/** Tables of the ledger, without our own list of them: a new one is seen at once. */
const PREFIX = 'triggers_';

/** Watches a database that exists. */
export async function watchLedger(database: DatabaseOptions): Promise<LedgerWatch> {
  return database.type === 'postgres' ? onPostgres(database.url) : onSqlite(database.path ?? './triggers.db');
}

function onSqlite(path: string): LedgerWatch {
  const db = new Database(path, { readonly: true, timeout: 5_000 });
  const size = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  return {
    tables: async () => {
      const sizes = `SELECT m.tbl_name AS name, sum(s.pgsize) AS bytes FROM dbstat s JOIN sqlite_master m ON m.name = s.name
        WHERE m.tbl_name LIKE '${PREFIX}%' GROUP BY m.tbl_name`;
      const found = db.prepare(sizes).all() as { name: string; bytes: number }[];
      return found.map(({ name, bytes }) => {
        return { table: name, bytes, rows: db.prepare(`SELECT count(*) FROM ${name}`).pluck().get() as number };
      });
    },
    disk: async () => ({ file: size(path), log: size(`${path}-wal`) }),
    rows: async (sql) => db.prepare(sql).all() as Record<string, unknown>[],
    close: async () => void db.close(),
  };
}

async function onPostgres(url: string): Promise<LedgerWatch> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const rows = async (sql: string): Promise<Record<string, unknown>[]> =>
    (await client.query(sql)).rows as Record<string, unknown>[];
  return {
    tables: async () => {
      const names = await rows(
        `SELECT relname AS name, pg_total_relation_size(oid) AS bytes FROM pg_class
         WHERE relkind = 'r' AND relname LIKE '${PREFIX}%'`,
      );
      const sizes: TableSize[] = [];
      for (const { name, bytes } of names) {
        const [counted] = await rows(`SELECT count(*) AS n FROM ${String(name)}`);
        sizes.push({ table: String(name), bytes: Number(bytes), rows: Number(counted?.['n']) });
      }
      return sizes;
    },
    disk: async () => {
      const [size] = await rows('SELECT pg_database_size(current_database()) AS bytes');
      return { file: Number(size?.['bytes']), log: 0 };
    },
    rows,
    close: () => client.end(),
  };
}
