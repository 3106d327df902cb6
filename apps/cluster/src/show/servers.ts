import { join } from 'node:path';
import { makeDatabase } from 'play';
import type { Stage } from 'play';
import type { Tell } from './misfortunes.js';
import type { ShowOptions } from './options.js';
import { startPostgres } from './postgres.js';
import { hasRedis, startRedis } from './redis.js';

const INSTALL = '(Debian: apt-get install redis-server; macOS: brew install redis)';

/** What the processes of the cluster share: a database, and a Redis where there is one. Both are gone when the stage is closed. */
export class Servers {
  constructor(
    private readonly options: ShowOptions,
    private readonly stage: Stage,
    private readonly tell: Tell,
  ) {}

  /**
   * @returns where they are
   * @throws Error when one does not start, or when the stage is closed meanwhile
   */
  async start(): Promise<{ readonly redis: string | undefined; readonly database: string }> {
    const redis = await this.#startRedis();
    return { redis, database: await this.#startDatabase() };
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
    const redis = await this.stage.open(() => startRedis(join(this.stage.folder, 'redis')));
    const { port, pid, ended } = await redis.started;
    this.tell(
      `transport bullmq: a Redis of our own on port ${port} (process ${pid}) tells nodes which tasks are ready`,
    );
    void ended.then(() => {
      if (!this.stage.isClosing) this.tell('Redis has died: nodes ask Postgres which tasks are ready');
    });
    return `redis://127.0.0.1:${port}`;
  }

  async #startDatabase(): Promise<string> {
    const { database: server } = this.options;
    this.tell(server === undefined ? 'starting a Postgres of our own' : 'making a database');
    if (server !== undefined) return (await this.stage.open(() => makeDatabase(server, 'cluster_show'))).url;
    return (await this.stage.open(startPostgres)).url;
  }
}
