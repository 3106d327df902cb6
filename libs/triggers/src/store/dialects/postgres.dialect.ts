import type pg from 'pg';
import { DataSource } from 'typeorm';
import type { EntitySchema, MixedList } from 'typeorm';
import type { Clock } from '../../model/clock.js';
import { TriggersError } from '../../model/errors.js';
import { newId } from '../../model/ids.js';
import { errorMessage } from '../../model/text.js';
import type { ResolvedDatabaseOptions } from '../database.options.js';
import type { Batch, Rows, Work } from './batch.js';
import { TransactionFailure } from './dialect.js';
import type { Dialect } from './dialect.js';
import { loadDriver } from './driver.js';
import { PostgresConnections } from './postgres.connections.js';
import { PostgresNotices } from './postgres.notices.js';
import { PostgresStatements } from './postgres.statements.js';
import { PostgresTransaction } from './postgres.transaction.js';

/** The advisory lock of our migrations: any number that all versions of this package agree on. */
const MIGRATION_LOCK = 7_420_871_530_114;

const CONNECT_TIMEOUT_MS = 5_000;
/** Nothing depends on notices, and a process that stops waits for their connection. */
const NOTICES_TIMEOUT_MS = 2_000;

/**
 * What the connection of the commits is told: statements leave without waiting for each other, and write nothing outside of a
 * transaction (see {@link PostgresTransaction}). A plan is kept as it was first made, perhaps when the tables were
 * empty and reading them whole was cheapest; every statement of a commit finds its rows by an index. A process that is stopped, or
 * cut off without a word, in the middle of a transaction must not keep its rows from the others: they wait ten seconds for
 * an answer, the server five for the next statement of an open transaction, and then rolls it back.
 */
const FOR_COMMITS = {
  pipeline: true,
  options:
    '-c default_transaction_read_only=on -c enable_seqscan=off -c jit=off -c idle_in_transaction_session_timeout=5s',
} as const;

/**
 * Postgres with its own small pool. A batch is one statement whose rows arrive as arrays (`unnest`), so every statement
 * has one text and is prepared once per connection. Instants come from the database's clock.
 */
export class PostgresDialect implements Dialect {
  readonly type = 'postgres';
  writer!: DataSource;
  reader!: DataSource;
  readonly ownershipFile = null;
  /** One transaction is on its way at a time, and never waits for readers. */
  #commits!: DataSource;
  readonly #statements: PostgresStatements;
  #driver!: typeof pg;
  readonly notices: PostgresNotices;
  readonly #connections: PostgresConnections;

  constructor(
    private readonly options: Extract<ResolvedDatabaseOptions, { type: 'postgres' }>,
    private readonly entities: MixedList<EntitySchema>,
    clock: Clock,
  ) {
    this.#statements = new PostgresStatements(clock);
    this.#connections = new PostgresConnections(clock);
    const ofNotices = new PostgresConnections(clock);
    this.notices = new PostgresNotices(() => this.#client(), options.schema, newId(), ofNotices);
  }

  async open(): Promise<void> {
    const driver = (this.#driver = (await loadDriver('pg')) as typeof pg);
    const { url, schema, poolSize } = this.options;
    try {
      this.writer = this.reader = await this.#connect(driver, { poolSize: poolSize - 2, entities: this.entities });
      this.#commits = await this.#connect(driver, { poolSize: 1, entities: [] }, FOR_COMMITS);
    } catch (cause) {
      if (errorMessage(cause).includes('unsupported startup parameter')) throw pooler(url, cause);
      throw new TriggersError(
        'TRG_STORE_UNAVAILABLE',
        `Postgres at ${withoutPassword(url)} does not answer: ${errorMessage(cause)}. Check "database.url" and that the server runs.`,
        { cause },
      );
    }
    await this.#requireSettings();
    await this.#requireSchema(schema);
  }

  async #connect(
    driver: unknown,
    source: { readonly poolSize: number; readonly entities: MixedList<EntitySchema> },
    { options, ...extra }: { readonly options?: string; readonly pipeline?: true } = {},
  ): Promise<DataSource> {
    const { url, schema, ssl } = this.options;
    const opened = await new DataSource({
      ...source,
      type: 'postgres',
      driver,
      url,
      schema,
      ssl,
      synchronize: false,
      migrationsTableName: 'triggers_migrations',
      applicationName: 'nestjs-triggers',
      extra: {
        connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
        keepAlive: true,
        ...extra,
        options: `-c search_path="${schema}" ${options ?? ''}`,
      },
    }).initialize();
    // An idle connection that breaks is replaced by the pool; the next commit finds out whether the server is away.
    const pool = poolOf(opened).on('error', () => undefined);
    pool.on('acquire', (client) => this.#connections.keep(client));
    return opened;
  }

  /** For notices: a connection that is not connected yet and belongs to no pool. */
  #client(): pg.Client {
    const { url, ssl } = this.options;
    const patience = {
      connectionTimeoutMillis: NOTICES_TIMEOUT_MS,
      query_timeout: NOTICES_TIMEOUT_MS,
      keepAlive: true,
    };
    return new this.#driver.Client({
      connectionString: url,
      ssl,
      application_name: 'nestjs-triggers',
      ...patience,
    });
  }

  /** A pooler may swallow what a connection asks for; our commits rely on it. */
  async #requireSettings(): Promise<void> {
    const [row] = await this.#commits.query<Record<string, string>[]>('SHOW default_transaction_read_only');
    if (row?.['default_transaction_read_only'] !== 'on') throw pooler(this.options.url);
  }

  async #requireSchema(schema: string): Promise<void> {
    const [row] = await this.writer.query<{ found: string | null }[]>('SELECT current_schema() AS found');
    if (row?.found === schema) return;
    throw new TriggersError(
      'TRG_STORE_SCHEMA',
      `Postgres has no schema "${schema}" that this user may use. Create it (CREATE SCHEMA "${schema}"), or set "database.schema".`,
    );
  }

  async close(): Promise<void> {
    const sources = [this.#commits, this.writer].filter((source) => source?.isInitialized);
    await this.#connections.end(() => Promise.all(sources.map((source) => source.destroy())));
  }

  async exclusively(migrate: () => Promise<void>): Promise<void> {
    const client = await poolOf(this.#commits).connect();
    try {
      await client.query('BEGIN');
      // Migrations run on another connection, for as long as they take.
      await client.query('SET LOCAL idle_in_transaction_session_timeout = 0');
      await client.query(`SELECT pg_advisory_xact_lock(${MIGRATION_LOCK})`);
      await migrate();
      await client.query('COMMIT');
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined);
      throw error;
    } finally {
      client.release();
    }
  }

  async transaction<R>(work: () => Work<R>): Promise<R> {
    const client = await poolOf(this.#commits)
      .connect()
      .catch((error: unknown) => {
        throw new TransactionFailure('away', 'rolledBack', error);
      });
    return new PostgresTransaction(client, this.#statements).run(work);
  }

  async read(batch: Batch, rows: readonly (readonly unknown[])[]): Promise<Rows> {
    return (await poolOf(this.reader).query(this.#statements.query(batch, rows))).rows as Rows;
  }

  acquireOwnership(): boolean {
    return true;
  }

  releaseOwnership(): void {
    // Any number of processes may run the engine; leases decide who does what.
  }
}

function poolOf(source: DataSource): pg.Pool {
  return (source.driver as unknown as { master: pg.Pool }).master;
}

function pooler(url: string, cause?: unknown): TriggersError {
  return new TriggersError(
    'TRG_STORE_POOLER',
    `Postgres at ${withoutPassword(url)} is reached through a pooler (PgBouncer?) that drops the settings of connections; ` +
      `prepared statements and LISTEN need real ones, too. Set "database.url" to the server itself: a process keeps "database.poolSize" connections, no more.`,
    { cause },
  );
}

function withoutPassword(url: string): string {
  const parsed = new URL(url);
  parsed.password = '';
  parsed.username = '';
  parsed.search = '';
  return parsed.toString();
}
