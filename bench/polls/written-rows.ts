import Database from 'better-sqlite3';
import type { DatabaseOptions } from 'nestjs-triggers';
import pg from 'pg';

/** Counts the rows that are written to a ledger, by triggers of the database on its tables. */
export interface WrittenRows {
  reset(): Promise<void>;
  count(): Promise<number>;
  close(): Promise<void>;
}

/** Where the lease of the node is renewed; every process does that, polls or not. */
const NOT_OF_POLLS = 'triggers_node';
const EVENTS = ['INSERT', 'UPDATE', 'DELETE'];

export async function countWrittenRows(database: DatabaseOptions): Promise<WrittenRows> {
  return database.type === 'postgres' ? onPostgres(database.url) : onSqlite(database.path ?? './triggers.db');
}

function onSqlite(path: string): WrittenRows {
  const db = new Database(path, { timeout: 5_000 });
  const tables = db
    .prepare(`SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'triggers_%' AND name <> ?`)
    .pluck()
    .all(NOT_OF_POLLS) as string[];
  db.exec('CREATE TABLE bench_written (rows integer NOT NULL); INSERT INTO bench_written VALUES (0)');
  for (const table of tables) {
    for (const event of EVENTS) {
      db.exec(
        `CREATE TRIGGER bench_${table}_${event} AFTER ${event} ON ${table}
         BEGIN UPDATE bench_written SET rows = rows + 1; END`,
      );
    }
  }
  return {
    reset: async () => void db.exec('UPDATE bench_written SET rows = 0'),
    count: async () => db.prepare('SELECT rows FROM bench_written').pluck().get() as number,
    close: async () => void db.close(),
  };
}

/** A sequence counts what was rolled back too; that is no less written. */
async function onPostgres(url: string): Promise<WrittenRows> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`CREATE SEQUENCE bench_written MINVALUE 0 START 0;
    CREATE FUNCTION bench_count() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM nextval('bench_written'); RETURN NULL; END $$`);
  const tables = await client.query<{ relname: string }>(
    `SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE 'triggers_%' AND relname <> $1`,
    [NOT_OF_POLLS],
  );
  for (const { relname } of tables.rows) {
    await client.query(
      `CREATE TRIGGER bench_written AFTER ${EVENTS.join(' OR ')} ON ${relname} FOR EACH ROW EXECUTE FUNCTION bench_count()`,
    );
  }
  // Of a sequence that was never asked, `last_value` is where it starts and `is_called` is false.
  const COUNTED = 'SELECT CASE WHEN is_called THEN last_value + 1 ELSE 0 END AS n FROM bench_written';
  return {
    reset: async () => void (await client.query(`SELECT setval('bench_written', 0, false)`)),
    count: async () => Number((await client.query<{ n: string }>(COUNTED)).rows[0]?.n),
    close: () => client.end(),
  };
}
