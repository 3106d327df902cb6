import { join } from 'node:path';
import Database from 'better-sqlite3';
import pg from 'pg';
import type { DatabaseOptions } from 'nestjs-triggers';

/** Inserts one row for a message, and commits it. */
export interface RowInserter {
  insert(id: string, body: string): Promise<void>;
  close(): Promise<void>;
}

const TABLE = 'CREATE TABLE IF NOT EXISTS messages (id text PRIMARY KEY, body text NOT NULL)';

/** As plain as it gets: a table with the id of the message as its key, so that a repeat changes nothing. */
export async function openInserter(database: DatabaseOptions, folder: string): Promise<RowInserter> {
  return database.type === 'postgres' ? onPostgres(database.url) : onSqlite(folder);
}

function onSqlite(folder: string): RowInserter {
  const db = new Database(join(folder, 'plain-consumer.db'));
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.exec(TABLE);
  const insert = db.prepare('INSERT INTO messages (id, body) VALUES (?, ?) ON CONFLICT DO NOTHING');
  return { insert: async (id, body) => void insert.run(id, body), close: async () => void db.close() };
}

async function onPostgres(connectionString: string): Promise<RowInserter> {
  const pool = new pg.Pool({ connectionString });
  await pool.query(TABLE);
  const text = 'INSERT INTO messages (id, body) VALUES ($1, $2) ON CONFLICT DO NOTHING';
  return {
    insert: async (...values) => void (await pool.query({ name: 'insert_message', text, values })),
    close: () => pool.end(),
  };
}
