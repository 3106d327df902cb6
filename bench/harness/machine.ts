import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseOptions } from 'nestjs-triggers';
import type { Backends } from './app.js';
import { UsageError } from './options.js';
import type { BenchOptions } from './options.js';
import { PostgresServer } from './postgres.js';
import { NO_REDIS, RedisServer } from './redis.js';

/** What a bench may use: the options, databases, and a Redis. Everything is thrown away in the end. */
export class Machine {
  readonly folder = mkdtempSync(join(tmpdir(), 'nestjs-triggers-bench-'));
  #made = 0;
  #postgres: Promise<PostgresServer> | undefined;
  #redis: Promise<RedisServer | null> | undefined;

  constructor(readonly options: BenchOptions) {}

  /** A size: as given, or what `--quick` makes of it. */
  size(full: number, quick: number): number {
    return this.options.quick ? quick : full;
  }

  /** A new, empty database, and queues of its own, of the kinds that were asked for. */
  async backends(): Promise<Backends> {
    this.#made += 1;
    const name = `bench_${this.#made}`;
    if (this.options.transport === 'store') return { database: await this.#database(name) };
    const port = await this.redis();
    if (port === null) throw new UsageError(`--transport bullmq: ${NO_REDIS}.`);
    return {
      database: await this.#database(name),
      messages: { connection: `redis://127.0.0.1:${port}`, prefix: name },
    };
  }

  /** The port of a Redis of our own, or `null` where there is no `redis-server`. */
  async redis(): Promise<number | null> {
    this.#redis ??= RedisServer.start(this.folder);
    return (await this.#redis)?.port ?? null;
  }

  async #database(name: string): Promise<DatabaseOptions> {
    if (this.options.store === 'sqlite') return { type: 'sqlite', path: join(this.folder, `${name}.db`) };
    this.#postgres ??= PostgresServer.start();
    return { type: 'postgres', url: await (await this.#postgres).database(name) };
  }

  async close(): Promise<void> {
    await (await this.#redis?.catch(() => null))?.stop();
    await (await this.#postgres?.catch(() => null))?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
