import pg from 'pg';

const CONNECTS_WITHIN_MS = 10_000;

/** A database on a server of somebody else. It may be dropped while it is made, and where it could not be. */
export interface ServerDatabase {
  /** Rejects when there is none. */
  readonly url: Promise<string>;
  /** Rejects when it stays. */
  drop(): Promise<void>;
}

/** A database of its own on a Postgres server. */
export function makeDatabase(server: string): ServerDatabase {
  const name = `orders_day_${process.pid}`;
  const url = new URL(server);
  const { host } = url;
  const made = tell(server, `CREATE DATABASE ${name}`).catch((error: unknown) => {
    throw new Error(`The Postgres of --database (${host}) does not make a database: ${reasonOf(error)}`);
  });
  url.pathname = `/${name}`;
  const dropped = (): Promise<void> =>
    tell(server, `DROP DATABASE ${name} WITH (FORCE)`).catch((error: unknown) => {
      throw new Error(`The database ${name} stays on the Postgres of --database (${host}): ${reasonOf(error)}`);
    });
  // What was not made is told by `url` alone.
  const drop = (): Promise<void> => made.then(dropped, () => undefined);
  return { url: made.then(() => url.href), drop };
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
