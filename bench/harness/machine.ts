import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseOptions } from 'nestjs-triggers';
import type { BenchOptions } from './options.js';
import { PostgresServer } from './postgres.js';
import { RedisServer } from './redis.js';

/** What a bench may use: the options, databases, and a Redis. Everything is thrown away in the end. */
export class Machine {
  readonly folder = mkdtempSync(join(tmpdir(), 'nestjs-triggers-bench-'));
  #databases = 0;
  #postgres: Promise<PostgresServer> | undefined;
  #redis: Promise<RedisServer | null> | undefined;

  constructor(readonly options: BenchOptions) {}

  /** A size: as given, or what `--quick` makes of it. */
  size(full: number, quick: number): number {
    return this.options.quick ? quick : full;
  }

  /** A new, empty database of the kind that was asked for. */
  async database(): Promise<DatabaseOptions> {
    this.#databases += 1;
    if (this.options.store === 'sqlite') return { type: 'sqlite', path: join(this.folder, `${this.#databases}.db`) };
    this.#postgres ??= PostgresServer.start();
    return { type: 'postgres', url: await (await this.#postgres).database(`bench_${this.#databases}`) };
  }

  /** The port of a Redis of our own, or `null` where there is no `redis-server`. */
  async redis(): Promise<number | null> {
    this.#redis ??= RedisServer.start(this.folder);
    return (await this.#redis)?.port ?? null;
  }

  async close(): Promise<void> {
    await (await this.#redis?.catch(() => null))?.stop();
    await (await this.#postgres?.catch(() => null))?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
