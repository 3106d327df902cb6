import pg from 'pg';

/** A database on a server of somebody else. It may be dropped while it is made, and where it could not be. */
export interface ServerDatabase {
  /** Rejects when there is none. */
  readonly url: Promise<string>;
  drop(): Promise<void>;
}

/** A database of its own on a Postgres server. */
export function makeDatabase(server: string): ServerDatabase {
  const name = `orders_day_${process.pid}`;
  const made = tell(server, `CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  const drop = (): Promise<void> =>
    made.then(
      () => tell(server, `DROP DATABASE ${name} WITH (FORCE)`),
      () => undefined,
    );
  return { url: made.then(() => url.href), drop };
}

async function tell(server: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  await client.query(sql).finally(() => client.end());
}
