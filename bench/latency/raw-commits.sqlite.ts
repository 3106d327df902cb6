import { join } from 'node:path';
import Database from 'better-sqlite3';
import { FreshRows, TABLES } from './fresh-rows.js';
import type { RawCommits, Row } from './fresh-rows.js';

/** Into a file of its own. */
export function rawCommitsOnSqlite(source: string, folder: string): RawCommits {
  const ledger = new Database(source, { readonly: true });
  const db = new Database(join(folder, 'raw-commits.db'));
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  const schema = ledger.prepare(`SELECT sql FROM sqlite_master WHERE tbl_name LIKE 'triggers_%' AND sql IS NOT NULL`);
  for (const sql of schema.pluck().all() as string[]) db.exec(sql);
  const rows = TABLES.map((table) => ledger.prepare(`SELECT * FROM ${table} LIMIT 1`).get() as Row);
  ledger.close();
  const fresh = new FreshRows(rows);
  const inserts = rows.map((row, index) => {
    const columns = Object.keys(row);
    return db.prepare(
      `INSERT INTO ${TABLES[index]!} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
    );
  });
  return {
    commit: async () => {
      const values = fresh.next();
      const started = performance.now();
      db.exec('BEGIN IMMEDIATE');
      inserts.forEach((insert, index) => insert.run(values[index]));
      db.exec('COMMIT');
      return performance.now() - started;
    },
    close: async () => void db.close(),
  };
}
