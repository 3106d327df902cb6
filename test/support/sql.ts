import { Client } from 'pg';
import { postgresUrl } from './database.js';

/** Runs statements on the Postgres of the test run, or on that of `url`, over a connection of their own. */
export async function sql<R extends object>(text: string, url = postgresUrl()): Promise<R[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  return (await client.query<R>(text).finally(() => client.end())).rows;
}

/** The databases of that server whose names begin so. */
export async function databasesOf(prefix: string): Promise<string[]> {
  const found = await sql<{ datname: string }>(`SELECT datname FROM pg_database WHERE datname LIKE '${prefix}%'`);
  return found.map(({ datname }) => datname);
}
