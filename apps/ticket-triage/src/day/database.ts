import pg from 'pg';

const CONNECTS_WITHIN_MS = 10_000;

/** Where the ledger of the day is. It may be closed while it is made. */
export interface DayDatabase {
  /** Rejects when there is none. */
  readonly url: Promise<string>;
  close(): Promise<void>;
}

/** A database of its own on a server of somebody else. */
export function makeDatabase(server: string): DayDatabase {
  const name = `ticket_triage_day_${process.pid}`;
  const url = new URL(server);
  const { host } = url;
  const made = tell(server, `CREATE DATABASE ${name}`).catch((error: unknown) => {
    throw new Error(`The Postgres of --database (${host}) does not make a database: ${reasonOf(error)}`);
  });
  url.pathname = `/${name}`;
  const drop = (): Promise<void> => tell(server, `DROP DATABASE ${name} WITH (FORCE)`);
  // What was not made is told by `url` alone.
  const close = (): Promise<void> => made.then(drop, () => undefined);
  return { url: made.then(() => url.href), close };
}

async function tell(server: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: server, connectionTimeoutMillis: CONNECTS_WITHIN_MS });
  await client.connect();
  await client.query(sql).finally(() => client.end());
}

/** A name with several addresses fails with an error of each, and no words of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
