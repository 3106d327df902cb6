import type BetterSqlite3 from 'better-sqlite3';
import { ANYTHING } from './notice-channel.js';
import type { NoticeChannel } from './notice-channel.js';

/**
 * SQLite does not call anybody, but `PRAGMA data_version` of a connection changes when another connection has written to
 * the file. Ours is the one that writes, so only other processes change it.
 *
 * @see https://www.sqlite.org/pragma.html#pragma_data_version
 */
export class SqliteNotices implements NoticeChannel {
  #hear: ((text: string) => void) | null = null;
  #version: unknown;

  constructor(private readonly connection: () => BetterSqlite3.Database) {}

  listen(hear: (text: string) => void): void {
    this.#hear = hear;
    this.#version = this.#read();
  }

  look(): void {
    const version = this.#read();
    if (version === this.#version) return;
    this.#version = version;
    this.#hear?.(ANYTHING);
  }

  send(): void {
    // The commit itself is what others see.
  }

  async close(): Promise<void> {
    this.#hear = null;
  }

  /** A file that cannot be read now is found out by the next commit, not here. */
  #read(): unknown {
    try {
      return this.connection().pragma('data_version', { simple: true });
    } catch {
      return this.#version;
    }
  }
}
