import type pg from 'pg';
import { ANYTHING } from './notice-channel.js';
import type { NoticeChannel } from './notice-channel.js';
import type { PostgresConnections } from './postgres.connections.js';

/** One channel for all; the payload says whom it concerns. @see https://www.postgresql.org/docs/current/sql-notify.html */
const CHANNEL = 'nestjs_triggers';

const SEND = `SELECT pg_notify('${CHANNEL}', said) FROM unnest($1::text[]) AS said`;

/**
 * LISTEN and NOTIFY on a connection of its own. Notices are sent after the commit and outside of any transaction: NOTIFY
 * inside one makes all commits of the server wait for each other. A connection that breaks is opened again with the
 * next look, and as nobody knows what was said meanwhile, anything may have changed then.
 */
export class PostgresNotices implements NoticeChannel {
  #hear: ((text: string) => void) | null = null;
  /** The one that is used, or about to be. */
  #client: pg.Client | null = null;
  /** Over when {@link #client} is ready, or given up. */
  #connecting: Promise<void> | null = null;
  /** One after the other: a connection takes one query at a time. */
  #saying: Promise<void> = Promise.resolve();
  #closed = false;

  /**
   * @param make a client that is not connected yet
   * @param space the schema: one database may have several ledgers
   * @param me what this process says is not told to itself
   */
  constructor(
    private readonly make: () => pg.Client,
    private readonly space: string,
    private readonly me: string,
    private readonly connections: PostgresConnections,
  ) {}

  listen(hear: (text: string) => void): void {
    this.#hear = hear;
    this.#connect();
  }

  look(): void {
    if (this.#hear !== null) this.#connect();
  }

  send(texts: readonly string[]): void {
    this.#connect();
    this.#saying = this.#saying.then(() => this.#connecting).then(() => this.#say(texts));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#hear = null;
    await this.connections.end(async () => {
      await this.#saying.then(() => this.#connecting);
      await this.#client?.end().catch(() => undefined);
    });
    this.#client = null;
  }

  #connect(): void {
    if (this.#closed) return;
    this.#connecting ??= this.#open();
  }

  async #open(): Promise<void> {
    const client = (this.#client = this.make());
    this.connections.keep(client);
    client.on('error', () => this.#drop(client));
    client.on('end', () => this.#drop(client));
    client.on('notification', ({ payload }) => this.#heard(payload ?? ''));
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
      this.#hear?.(ANYTHING);
    } catch {
      this.#leave(client);
    }
  }

  /** Not waited for: a server that does not answer any more would not answer this either; the end breaks it off. */
  #leave(client: pg.Client): void {
    this.#drop(client);
    client.end().catch(() => undefined);
  }

  /** A connection says twice that it broke, the second time when the next one may be on its way. */
  #drop(client: pg.Client): void {
    if (this.#client !== client) return;
    this.#client = null;
    this.#connecting = null;
  }

  async #say(texts: readonly string[]): Promise<void> {
    const client = this.#client;
    const said = texts.map((text) => `${this.space}/${this.me}/${text}`);
    await client?.query(SEND, [said]).catch(() => this.#leave(client));
  }

  #heard(payload: string): void {
    const [space, from, ...rest] = payload.split('/');
    if (space === this.space && from !== this.me) this.#hear?.(rest.join('/'));
  }
}
