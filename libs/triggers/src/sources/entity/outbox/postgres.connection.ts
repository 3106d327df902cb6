import type { DataSource } from 'typeorm';
import type { Clock } from '../../../model/clock.js';
import { isDoneWithin } from '../../../model/patience.js';

type Rows = readonly Readonly<Record<string, unknown>>[];

/** As much of a `pg` client as is used. */
interface Client {
  connect(): Promise<unknown>;
  query(
    sql: string,
    parameters?: readonly unknown[],
  ): Promise<{ readonly rows: Rows; readonly rowCount: number | null }>;
  on(event: 'error' | 'end', listener: () => void): unknown;
  on(event: 'notification', listener: (notice: { readonly payload?: string }) => void): unknown;
  end(): Promise<void>;
  readonly connection: { readonly stream: { destroy(): void } };
}

interface Driver {
  readonly master: { readonly Client: new (options: object) => Client; readonly options: object };
  readonly schema: string;
}

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

  constructor(
    private readonly source: DataSource,
    private readonly channel: string,
    private readonly clock: Clock,
  ) {}

  /** Hears notices from now on; `hear('')` after each new connection, because nobody knows what was missed. */
  listen(hear: (payload: string) => void): void {
    this.#hear = hear;
    this.#client?.query(`LISTEN ${this.channel}`).catch(() => this.#leave());
  }

  /** @throws errors of the driver */
  async query(
    sql: string,
    parameters: readonly unknown[] = [],
  ): Promise<{ readonly rows: Rows; readonly count: number }> {
    const client = await this.#open();
    const { rows, rowCount } = parameters.length === 0 ? await client.query(sql) : await client.query(sql, parameters);
    return { rows, count: rowCount ?? 0 };
  }

  /** Runs work in a transaction. @throws what the work throws; nothing has happened then */
  async transaction<R>(work: () => Promise<R>): Promise<R> {
    await this.query('BEGIN');
    try {
      const result = await work();
      await this.query('COMMIT');
      return result;
    } catch (error) {
      // Not one that is open somewhere in the middle of this.
      await this.#client?.query('ROLLBACK').catch(() => this.#leave());
      throw error;
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

  #open(): Promise<Client> {
    if (this.#client !== null) return Promise.resolve(this.#client);
    this.#opening ??= this.#connect().finally(() => (this.#opening = null));
    return this.#opening;
  }

  async #connect(): Promise<Client> {
    const { Client, options } = (this.source.driver as unknown as Driver).master;
    const client = new Client(options);
    const drop = (): void => void (this.#client === client && (this.#client = null));
    client.on('error', drop);
    client.on('end', drop);
    client.on('notification', ({ payload }) => this.#hear?.(payload ?? ''));
    await client.connect();
    if (this.#hear !== null) await client.query(`LISTEN ${this.channel}`);
    this.#client = client;
    this.#hear?.('');
    return client;
  }

  #leave(): void {
    const client = this.#client;
    this.#client = null;
    client?.end().catch(() => undefined);
  }
}
