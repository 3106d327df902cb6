import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import type { Interface } from 'node:readline';
import pg from 'pg';

/** By its name in the package.json of the root: this file is built into several folders. */
const KEEPER = createRequire(import.meta.url).resolve('#postgres-keeper');

/** A throw-away Postgres with its own defaults: `fsync` and `synchronous_commit` are on. */
export class PostgresServer {
  private constructor(
    readonly url: string,
    private readonly keeper: ChildProcess,
    private readonly lines: Interface,
  ) {}

  static async start(): Promise<PostgresServer> {
    const keeper = spawn(process.execPath, [KEEPER], { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: keeper.stdout });
    const [url] = (await Promise.race([once(lines, 'line'), once(keeper, 'exit').then(() => [])])) as unknown[];
    if (typeof url !== 'string') throw new Error('Postgres did not start; its reason is printed above.');
    return new PostgresServer(url, keeper, lines);
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

  /** It ends without a checkpoint, and recovers. Fulfilled when it serves again. */
  async crash(): Promise<void> {
    const back = once(this.lines, 'line');
    this.keeper.kill('SIGUSR2');
    await back;
  }

  async stop(): Promise<void> {
    const ended = once(this.keeper, 'exit');
    this.keeper.stdin!.end();
    await ended;
  }
}
