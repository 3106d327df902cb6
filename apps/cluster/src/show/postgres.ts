import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import pg from 'pg';

/** Keeps a throw-away Postgres for as long as its stdin is open; seen from `apps/cluster/dist/show`. */
const KEEPER = fileURLToPath(new URL('../../../../scripts/postgres-keeper.mjs', import.meta.url));

/** A database that is gone when it is closed. */
export interface ShowDatabase {
  /** Rejects when there is none. */
  readonly url: Promise<string>;
  close(): Promise<unknown>;
}

/** A database on a server of our own, whose files are deleted with it. It may be closed while it starts. */
export function startPostgres(): ShowDatabase {
  const keeper = spawn(process.execPath, [KEEPER], { stdio: ['pipe', 'pipe', 'inherit'], detached: true });
  const ended = once(keeper, 'exit');
  const lines = createInterface({ input: keeper.stdout });
  const url = Promise.race([once(lines, 'line'), ended.then(() => [])]).then(([line]: unknown[]) => {
    if (typeof line === 'string') return line;
    throw new Error('Postgres did not start; its reason is printed above.');
  });
  const close = (): Promise<unknown> => {
    keeper.stdin.end();
    return ended;
  };
  return { url, close };
}

/** A database of its own on a server of somebody else. */
export function makeDatabase(server: string): ShowDatabase {
  const name = `cluster_show_${process.pid}`;
  const made = tell(server, `CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  const drop = (): Promise<void> => tell(server, `DROP DATABASE ${name} WITH (FORCE)`);
  // What was not made is told by `url` alone.
  const close = (): Promise<void> => made.then(drop, () => undefined);
  return { url: made.then(() => url.href), close };
}

async function tell(server: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  await client.query(sql).finally(() => client.end());
}
