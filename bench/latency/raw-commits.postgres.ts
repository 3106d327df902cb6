import pg from 'pg';
import { FreshRows, TABLES } from './fresh-rows.js';
import type { RawCommits, Row } from './fresh-rows.js';

const SCHEMA = 'raw_commits';

/** Into a schema of its own, by one prepared statement: nobody can commit these rows with fewer round trips. One that is late delays no other. */
export async function rawCommitsOnPostgres(url: string): Promise<RawCommits> {
  const pool = new pg.Pool({ connectionString: url });
  await pool.query(`CREATE SCHEMA ${SCHEMA}`);
  const rows: Row[] = [];
  for (const table of TABLES) {
    await pool.query(`CREATE TABLE ${SCHEMA}.${table} (LIKE ${table} INCLUDING ALL)`);
    rows.push((await pool.query(`SELECT * FROM ${table} LIMIT 1`)).rows[0] as Row);
  }
  const fresh = new FreshRows(rows);
  const text = insertAll(rows);
  return {
    commit: async () => {
      const values = fresh.next().flat();
      const started = performance.now();
      await pool.query({ name: 'raw_commit', text, values });
      return performance.now() - started;
    },
    close: () => pool.end(),
  };
}

function insertAll(rows: readonly Row[]): string {
  let parameter = 0;
  const inserts = rows.map((row, index) => {
    const columns = Object.keys(row);
    const places = columns.map(() => `$${++parameter}`);
    return `INSERT INTO ${SCHEMA}.${TABLES[index]!} (${columns.join(', ')}) VALUES (${places.join(', ')})`;
  });
  const last = inserts.pop() ?? '';
  return `WITH ${inserts.map((insert, index) => `w${index} AS (${insert})`).join(', ')} ${last}`;
}
