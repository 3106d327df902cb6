import pg from 'pg';

/** Where the ledger of the day is. It may be closed while it is made. */
export interface DayDatabase {
  /** Rejects when there is none. */
  readonly url: Promise<string>;
  close(): Promise<void>;
}

/** A database of its own on a server of somebody else. */
export function makeDatabase(server: string): DayDatabase {
  const name = `ticket_triage_day_${process.pid}`;
  const made = tell(server, `CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  const close = (): Promise<void> => made.then(() => tell(server, `DROP DATABASE ${name} WITH (FORCE)`));
  return { url: made.then(() => url.href), close };
}

async function tell(server: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  await client.query(sql).finally(() => client.end());
}
