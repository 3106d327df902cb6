import { join } from 'node:path';
import type { Tell } from './misfortunes.js';
import type { ShowOptions } from './options.js';
import { makeDatabase, startPostgres } from './postgres.js';
import { hasRedis, startRedis } from './redis.js';

const INSTALL = '(Debian: apt-get install redis-server; macOS: brew install redis)';

/** What the processes of the cluster share: a database, and a Redis where there is one. Both are gone when they are closed. */
export class Servers {
  /** To be closed in the opposite order. */
  readonly #open: (() => Promise<unknown>)[] = [];
  #isClosing = false;

  constructor(
    private readonly options: ShowOptions,
    private readonly folder: string,
    private readonly tell: Tell,
  ) {}

  /**
   * @returns where they are
   * @throws Error when one does not start, or when it is closed meanwhile
   */
  async start(): Promise<{ readonly redis: string | undefined; readonly database: string }> {
    const redis = await this.#startRedis();
    return { redis, database: await this.#startDatabase() };
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    for (const close of this.#open.reverse()) await close();
  }

  /** @returns `undefined` where nodes do without */
  async #startRedis(): Promise<string | undefined> {
    const { transport } = this.options;
    if (transport === 'store' || !hasRedis()) {
      if (transport === 'bullmq') throw new Error(`--transport bullmq needs redis-server ${INSTALL}`);
      if (transport === undefined) this.tell(`there is no redis-server on this machine ${INSTALL}`);
      this.tell('transport store: nodes ask Postgres which tasks are ready');
      return undefined;
    }
    const redis = startRedis(join(this.folder, 'redis'));
    this.#open.push(() => redis.close());
    const { port, pid, ended } = await redis.started;
    this.#goOn();
    this.tell(
      `transport bullmq: a Redis of our own on port ${port} (process ${pid}) tells nodes which tasks are ready`,
    );
    void ended.then(() => {
      if (!this.#isClosing) this.tell('Redis has died: nodes ask Postgres which tasks are ready');
    });
    return `redis://127.0.0.1:${port}`;
  }

  async #startDatabase(): Promise<string> {
    const { database: server } = this.options;
    this.tell(server === undefined ? 'starting a Postgres of our own' : 'making a database');
    const database = server === undefined ? startPostgres() : makeDatabase(server);
    this.#open.push(() => database.close());
    const url = await database.url;
    this.#goOn();
    return url;
  }

  /** What is opened after the end would not be closed. */
  #goOn(): void {
    if (this.#isClosing) throw new Error('interrupted');
  }
}
