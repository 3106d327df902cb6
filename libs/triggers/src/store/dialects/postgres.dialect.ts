import type pg from 'pg';
import { DataSource } from 'typeorm';
import type { EntitySchema, MixedList } from 'typeorm';
import type { Clock } from '../../model/clock.js';
import { TriggersError } from '../../model/errors.js';
import { errorMessage } from '../../model/text.js';
import type { ResolvedDatabaseOptions } from '../database.options.js';
import { isChange } from './batch.js';
import type { Answer, Batch, ColumnType, Row, Rows, SqlWords, Work } from './batch.js';
import { TransactionFailure } from './dialect.js';
import type { Dialect, StoreTrouble } from './dialect.js';
import { loadDriver } from './driver.js';

/** The advisory lock of our migrations: any number that all versions of this package agree on. */
const MIGRATION_LOCK = 7_420_871_530_114;

const ARRAY_OF: Readonly<Record<ColumnType, string>> = {
  text: 'text[]',
  int: 'int8[]',
  float: 'float8[]',
  bool: 'bool[]',
  bytes: 'bytea[]',
  instant: 'float8[]',
  at: 'float8[]',
};

/** A server that is stopped or a network that swallows packets answers nothing at all: then it is away. */
const IN_TIME = { query_timeout: 10_000 } as const;
const BEGIN = { text: 'BEGIN', ...IN_TIME };
const COMMIT = { text: 'COMMIT', ...IN_TIME };

interface Prepared {
  readonly name: string;
  readonly text: string;
  readonly width: number;
  readonly takesNow: boolean;
}

/**
 * Postgres with its own small pool. A batch is one statement whose rows arrive as arrays (`unnest`), so every statement
 * has one text and is prepared once per connection. Instants come from the database's clock.
 */
export class PostgresDialect implements Dialect {
  readonly type = 'postgres';
  writer!: DataSource;
  reader!: DataSource;
  readonly ownershipFile = null;
  readonly #prepared = new Map<string, Prepared>();
  readonly #words: SqlWords;

  constructor(
    private readonly options: Extract<ResolvedDatabaseOptions, { type: 'postgres' }>,
    private readonly entities: MixedList<EntitySchema>,
    private readonly clock: Clock,
  ) {
    this.#words = wordsFor(clock);
  }

  async open(): Promise<void> {
    const { url, schema, ssl, poolSize } = this.options;
    const driver = await loadDriver('pg');
    try {
      this.writer = this.reader = await new DataSource({
        type: 'postgres',
        driver,
        url,
        schema,
        ssl,
        poolSize,
        entities: this.entities,
        synchronize: false,
        migrationsTableName: 'triggers_migrations',
        applicationName: 'nestjs-triggers',
        extra: { options: `-c search_path="${schema}"`, connectionTimeoutMillis: 5_000, keepAlive: true },
      }).initialize();
    } catch (cause) {
      throw new TriggersError(
        'TRG_STORE_UNAVAILABLE',
        `Postgres at ${withoutPassword(url)} does not answer: ${errorMessage(cause)}. Check "database.url" and that the server runs.`,
        { cause },
      );
    }
    await this.#requireSchema(schema);
    // An idle connection that breaks is replaced by the pool; the next commit finds out whether the server is away.
    this.#pool.on('error', () => undefined);
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
    if (this.writer?.isInitialized) await this.writer.destroy();
  }

  async exclusively(migrate: () => Promise<void>): Promise<void> {
    const client = await this.#pool.connect();
    try {
      await client.query('BEGIN');
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
    const client = await this.#pool.connect().catch((error: unknown) => {
      throw new TransactionFailure('away', 'rolledBack', error);
    });
    let committing = false;
    let broken: Error | undefined;
    const onError = (error: Error): void => {
      broken = error;
    };
    client.on('error', onError);
    try {
      await client.query(BEGIN);
      const unit = work();
      let next = unit.next();
      while (next.done !== true) next = unit.next(await this.#execute(client, next.value.batch, next.value.rows));
      committing = true;
      await client.query(COMMIT);
      return next.value;
    } catch (error) {
      const trouble = troubleOf(error);
      if (trouble !== 'away') await client.query('ROLLBACK').catch(onError);
      else broken = error as Error;
      throw new TransactionFailure(trouble, committing && trouble === 'away' ? 'unknown' : 'rolledBack', error);
    } finally {
      client.off('error', onError);
      client.release(broken);
    }
  }

  async read(batch: Batch, rows: readonly (readonly unknown[])[]): Promise<Rows> {
    return (await this.#execute(this.#pool, batch, rows)) as Rows;
  }

  acquireOwnership(): boolean {
    return true;
  }

  releaseOwnership(): void {
    // Any number of processes may run the engine; leases decide who does what.
  }

  get #pool(): pg.Pool {
    return (this.writer.driver as unknown as { master: pg.Pool }).master;
  }

  async #execute(
    client: pg.Pool | pg.PoolClient,
    batch: Batch,
    rows: readonly (readonly unknown[])[],
  ): Promise<Answer> {
    let prepared = this.#prepared.get(batch.name);
    if (prepared === undefined) this.#prepared.set(batch.name, (prepared = prepare(batch, this.#words)));
    const { name, text, width, takesNow } = prepared;
    const values: unknown[] = [];
    for (let column = 0; column < width; column += 1) values.push(rows.map((row) => row[column] ?? null));
    if (takesNow) values.push(this.clock.now());
    const result = await client.query({ name, text, values, ...IN_TIME });
    return isChange(batch) ? inPlace(result.rows as Rows, rows.length) : (result.rows as Rows);
  }
}

function wordsFor(clock: Clock): SqlWords {
  const now = clock.rulesTheStore ? `to_timestamp($NOW::float8 / 1000.0)` : 'clock_timestamp()';
  return {
    now,
    nowMs: clock.rulesTheStore ? '$NOW::float8' : `(extract(epoch from clock_timestamp()) * 1000)::float8`,
    addMs: (instant, ms) => `(${instant} + (${ms}) * interval '1 millisecond')`,
    msBetween: (from, to) => `(extract(epoch from (${to}) - (${from})) * 1000)::float8`,
    least: (a, b) => `least(${a}, ${b})`,
    jsonTexts: (array) => `SELECT jsonb_array_elements_text(${array}::jsonb)`,
    skipLocked: 'FOR UPDATE SKIP LOCKED',
    forUpdate: 'FOR UPDATE',
  };
}

/** The rows of a change at the places of what they answer. */
function inPlace(rows: Rows, places: number): Answer {
  const answer = new Array<Row | undefined>(places).fill(undefined);
  for (const row of rows) answer[Number(row['_at']) - 1] = row;
  return answer;
}

function prepare(batch: Batch, words: SqlWords): Prepared {
  const columns = Object.entries(batch.columns);
  const width = columns.length;
  const selected = columns.map(([name, type]) => {
    if (type === 'instant') return `${words.addMs(words.now, name)} AS ${name}`;
    return type === 'at' ? `to_timestamp(${name} / 1000.0) AS ${name}` : name;
  });
  const arrays = columns.map(([, type], index) => `$${index + 1}::${ARRAY_OF[type]}`);
  const names = columns.map(([name]) => name);
  const header =
    width === 0
      ? ''
      : `WITH g AS MATERIALIZED (SELECT ${[...selected, '_at'].join(', ')}
          FROM unnest(${arrays.join(', ')}) WITH ORDINALITY AS u(${[...names, '_at'].join(', ')})) `;
  const returning = isChange(batch) ? ` RETURNING ${['g._at', ...batch.returning].join(', ')}` : '';
  const text = header + batch.sql(words) + returning;
  return {
    name: `triggers_${batch.name}`,
    text: text.replaceAll('$NOW', `$${width + 1}`),
    width,
    takesNow: text.includes('$NOW'),
  };
}

/** Connection trouble, an administrator's shutdown, no resources: the server may be back in a moment. */
const AWAY = /^(08|57P0[123]|53|58|XX|25006)/;
const NETWORK = /^E[A-Z]{4,}$/;
/** What `pg` says, without a code, when the connection is gone. */
const LOST =
  /connection (terminated|error|timeout)|query read timeout|timeout exceeded when trying to connect|not queryable/i;

function troubleOf(error: unknown): StoreTrouble {
  if (error instanceof TransactionFailure) return error.trouble;
  const code: unknown = (error as { code?: unknown } | null)?.code;
  if (typeof code !== 'string') return LOST.test(errorMessage(error)) ? 'away' : 'item';
  if (code === '40P01' || code === '40001') return 'conflict';
  return AWAY.test(code) || NETWORK.test(code) ? 'away' : 'item';
}

function withoutPassword(url: string): string {
  const parsed = new URL(url);
  parsed.password = '';
  parsed.username = '';
  parsed.search = '';
  return parsed.toString();
}
