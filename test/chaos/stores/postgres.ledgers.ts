import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { PostgresServer } from '../../../bench/harness/postgres.js';
import { APPLICATION_TABLES, TABLES } from './ledger.js';
import type { Ledger, LedgerRows, LedgerServer, Row } from './ledger.js';

/** A ledger is a schema of its own on one server. */
export class PostgresLedgers implements LedgerServer {
  #schemas = 0;

  private constructor(private readonly server: PostgresServer) {}

  static async start(): Promise<PostgresLedgers> {
    return new PostgresLedgers(await PostgresServer.start());
  }

  async ledger(): Promise<Ledger> {
    this.#schemas += 1;
    const schema = `round_${this.#schemas}`;
    await this.#query(`CREATE SCHEMA ${schema}`);
    const { url } = this.server;
    return {
      place: { url, schema },
      options: { type: 'postgres', url, schema },
      read: () => this.#read(schema).catch(() => null),
      keepIn: async (folder) =>
        writeFileSync(join(folder, 'ledger.json'), JSON.stringify(await this.#read(schema), null, 1)),
      remove: async () => void (await this.#query(`DROP SCHEMA ${schema} CASCADE`)),
    };
  }

  crash(): Promise<void> {
    return this.server.crash();
  }

  close(): Promise<void> {
    return this.server.stop();
  }

  async #query(sql: string): Promise<Row[]> {
    return this.#connected(async (client) => (await client.query<Row>(sql)).rows);
  }

  async #read(schema: string): Promise<LedgerRows> {
    return this.#connected(async (client) => {
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      const tables: [string, Row[]][] = [];
      for (const [name, table] of Object.entries({ ...TABLES, ...APPLICATION_TABLES }))
        tables.push([name, (await client.query<Row>(`SELECT * FROM ${schema}.${table}`)).rows]);
      await client.query('COMMIT');
      return Object.fromEntries(tables) as Record<keyof LedgerRows, Row[]>;
    });
  }

  /** A connection of its own each time: the server crashes now and then. */
  async #connected<R>(work: (client: pg.Client) => Promise<R>): Promise<R> {
    const client = new pg.Client({ connectionString: this.server.url, connectionTimeoutMillis: 5_000 });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}
