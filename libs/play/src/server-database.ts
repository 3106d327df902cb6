import pg from 'pg';

const CONNECTS_WITHIN_MS = 10_000;

/** A database of its own on a Postgres server of somebody else. */
export interface ServerDatabase {
  readonly url: string;
  /** Drops it. @throws Error which one stays where, and why */
  close(): Promise<void>;
}

/**
 * Makes a database on the server of `--database`.
 *
 * @param prefix how its name begins
 * @throws Error which server does not make one, and why
 */
export async function makeDatabase(server: string, prefix: string): Promise<ServerDatabase> {
  const name = `${prefix}_${process.pid}`;
  const url = new URL(server);
  const { host } = url;
  await tell(server, `CREATE DATABASE ${name}`).catch((error: unknown) => {
    throw new Error(`The Postgres of --database (${host}) does not make a database: ${reasonOf(error)}`);
  });
  url.pathname = `/${name}`;
  const close = (): Promise<void> =>
    tell(server, `DROP DATABASE ${name} WITH (FORCE)`).catch((error: unknown) => {
      throw new Error(`The database ${name} stays on the Postgres of --database (${host}): ${reasonOf(error)}`);
    });
  return { url: url.href, close };
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
