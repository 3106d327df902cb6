import type { DataSource } from 'typeorm';
import type { Clock } from '../../../model/clock.js';
import { isDoneWithin } from '../../../model/patience.js';

type Rows = readonly Readonly<Record<string, unknown>>[];

/** As much of a `pg` client as is used. */
interface Client {
  connect(): Promise<unknown>;
  query(statement: {
    readonly text: string;
    readonly values?: readonly unknown[];
    readonly query_timeout: number;
  }): Promise<{ readonly rows: Rows; readonly rowCount: number | null }>;
  on(event: 'error' | 'end', listener: () => void): unknown;
  on(event: 'notification', listener: (notice: { readonly payload?: string }) => void): unknown;
  end(): Promise<void>;
  readonly connection: { readonly stream: { destroy(): void } };
}

interface Driver {
  readonly master: {
    readonly Client: new (options: object) => Client;
    readonly options: { readonly connectionTimeoutMillis?: number };
  };
  readonly schema: string;
}

/** A statement that is not answered for so long never will be: the network is silent. */
const ANSWER_MS = 10_000;
/** What `pg` says then. */
const NO_ANSWER = 'Query read timeout';
/** And this long the server waits for our next statement in a transaction: more than methods and a commit of ours take. */
const IDLE_MS = 20_000;
/** How long a server may take to answer a goodbye. */
const GOODBYE_MS = 2_000;

/** The schema that a DataSource works in. */
export function schemaOf(source: DataSource): string {
  return (source.driver as unknown as Driver).schema;
}

/**
 * One connection beside the pool of the application, made as the pool makes its own: what happens here takes no connection away from
 * requests. When it breaks, the next question opens another one.
 */
export class PostgresConnection {
  #client: Client | null = null;
  #opening: Promise<Client> | null = null;
  #hear: ((payload: string) => void) | null = null;
  /** The one that a transaction is open on. */
  #pinned: Client | null = null;

  constructor(
    private readonly source: DataSource,
    private readonly channel: string,
    private readonly clock: Clock,
  ) {}

  /** Hears notices from now on; `hear('')` after each new connection, because nobody knows what was missed. */
  listen(hear: (payload: string) => void): void {
    this.#hear = hear;
    void (this.#client !== null && this.#ask(this.#client, `LISTEN ${this.channel}`).catch(() => undefined));
  }

  /** @throws errors of the driver */
  async query(
    sql: string,
    parameters: readonly unknown[] = [],
  ): Promise<{ readonly rows: Rows; readonly count: number }> {
    const { rows, rowCount } = await this.#ask(this.#pinned ?? (await this.#open()), sql, parameters);
    return { rows, count: rowCount ?? 0 };
  }

  /**
   * Runs work in a transaction. Should this process fall silent in the middle, the server rolls it back.
   *
   * @throws what the work throws; nothing has happened then
   */
  async transaction<R>(work: () => Promise<R>): Promise<R> {
    const client = await this.#open();
    this.#pinned = client;
    try {
      await this.query(`BEGIN; SET LOCAL idle_in_transaction_session_timeout = ${IDLE_MS}`);
      const result = await work();
      await this.query('COMMIT');
      return result;
    } catch (error) {
      // One that is gone has rolled back by itself.
      if (this.#client === client) await this.query('ROLLBACK').catch(() => this.#leave(client));
      throw error;
    } finally {
      this.#pinned = null;
    }
  }

  async close(): Promise<void> {
    this.#hear = null;
    const client = this.#client;
    this.#client = null;
    this.#opening = null;
    if (
      client === null ||
      (await isDoneWithin(
        GOODBYE_MS,
        client.end().catch(() => undefined),
        this.clock,
      ))
    )
      return;
    client.connection.stream.destroy();
  }

  /** Whoever does not answer is left: what was asked next would wait behind it. */
  async #ask(client: Client, text: string, values: readonly unknown[] = []): ReturnType<Client['query']> {
    const asked = { text, ...(values.length > 0 && { values }), query_timeout: ANSWER_MS };
    try {
      return await client.query(asked);
    } catch (error) {
      if (error instanceof Error && error.message === NO_ANSWER) this.#leave(client);
      throw error;
    }
  }

  #open(): Promise<Client> {
    if (this.#client !== null) return Promise.resolve(this.#client);
    this.#opening ??= this.#connect().finally(() => (this.#opening = null));
    return this.#opening;
  }

  async #connect(): Promise<Client> {
    const { Client, options } = (this.source.driver as unknown as Driver).master;
    const client = new Client({ ...options, connectionTimeoutMillis: options.connectionTimeoutMillis ?? ANSWER_MS });
    const drop = (): void => void (this.#client === client && (this.#client = null));
    client.on('error', drop);
    client.on('end', drop);
    client.on('notification', ({ payload }) => this.#hear?.(payload ?? ''));
    await client.connect();
    if (this.#hear !== null) await this.#ask(client, `LISTEN ${this.channel}`);
    this.#client = client;
    this.#hear?.('');
    return client;
  }

  #leave(client: Client): void {
    if (this.#client === client) this.#client = null;
    client.connection.stream.destroy();
  }
}
