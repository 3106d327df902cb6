import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import pg from 'pg';

/** Seen from `bench/dist/harness`. */
const KEEPER = fileURLToPath(new URL('../../../scripts/postgres-keeper.mjs', import.meta.url));

/** The throw-away Postgres of the tests, with its own defaults: `fsync` and `synchronous_commit` are on. */
export class PostgresServer {
  private constructor(
    private readonly url: string,
    private readonly keeper: ChildProcess,
  ) {}

  static async start(): Promise<PostgresServer> {
    const keeper = spawn(process.execPath, [KEEPER], { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: keeper.stdout });
    const [url] = (await Promise.race([once(lines, 'line'), once(keeper, 'exit').then(() => [])])) as unknown[];
    if (typeof url !== 'string')
      throw new Error('The Postgres of the tests did not start; its reason is printed above.');
    return new PostgresServer(url, keeper);
  }

  /** Makes a database and tells its URL. */
  async database(name: string): Promise<string> {
    const client = new pg.Client({ connectionString: this.url });
    await client.connect();
    await client.query(`CREATE DATABASE ${name}`);
    await client.end();
    const url = new URL(this.url);
    url.pathname = name;
    return url.href;
  }

  async stop(): Promise<void> {
    const ended = once(this.keeper, 'exit');
    this.keeper.stdin!.end();
    await ended;
  }
}
