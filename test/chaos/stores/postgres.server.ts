import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { TABLES } from './ledger.js';
import type { Ledger, LedgerRows, LedgerServer, Row } from './ledger.js';

/** Seen from `test/chaos/dist/test/chaos/stores`. */
const KEEPER = fileURLToPath(new URL('../../../../../../scripts/postgres-keeper.mjs', import.meta.url));

/** The throw-away Postgres of the tests, with its own defaults: `fsync` and `synchronous_commit` are on. */
export class PostgresServer implements LedgerServer {
  #schemas = 0;

  private constructor(
    private readonly url: string,
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

  async ledger(): Promise<Ledger> {
    this.#schemas += 1;
    const schema = `round_${this.#schemas}`;
    await this.#query(`CREATE SCHEMA ${schema}`);
    return {
      place: { url: this.url, schema },
      options: { type: 'postgres', url: this.url, schema },
      read: () => this.#read(schema).catch(() => null),
      keepIn: async (folder) =>
        writeFileSync(join(folder, 'ledger.json'), JSON.stringify(await this.#read(schema), null, 1)),
      remove: async () => void (await this.#query(`DROP SCHEMA ${schema} CASCADE`)),
    };
  }

  async crash(): Promise<void> {
    const back = once(this.lines, 'line');
    this.keeper.kill('SIGUSR2');
    await back;
  }

  async close(): Promise<void> {
    const ended = once(this.keeper, 'exit');
    this.keeper.stdin!.end();
    await ended;
  }

  async #query(sql: string): Promise<Row[]> {
    return this.#connected(async (client) => (await client.query<Row>(sql)).rows);
  }

  async #read(schema: string): Promise<LedgerRows> {
    return this.#connected(async (client) => {
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      const tables: [string, Row[]][] = [];
      for (const [name, table] of Object.entries(TABLES))
        tables.push([name, (await client.query<Row>(`SELECT * FROM ${schema}.${table}`)).rows]);
      await client.query('COMMIT');
      return Object.fromEntries(tables) as Record<keyof LedgerRows, Row[]>;
    });
  }

  /** A connection of its own each time: the server crashes now and then. */
  async #connected<R>(work: (client: pg.Client) => Promise<R>): Promise<R> {
    const client = new pg.Client({ connectionString: this.url, connectionTimeoutMillis: 5_000 });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}
