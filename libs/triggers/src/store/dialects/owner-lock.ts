import type BetterSqlite3 from 'better-sqlite3';

/**
 * The right to run the engine on one SQLite file: `BEGIN EXCLUSIVE` on a file beside it, held for life. The operating
 * system frees it in the instant the process dies, so a start after `kill -9` need not wait for any lease.
 */
export class OwnerLock {
  #held: BetterSqlite3.Database | undefined;

  constructor(
    readonly path: string,
    private readonly driver: () => typeof BetterSqlite3,
  ) {}

  /** Takes the lock, or says that somebody else holds it. */
  acquire(): boolean {
    if (this.#held !== undefined) return true;
    const Driver = this.driver();
    const file = new Driver(this.path, { timeout: 0 });
    try {
      file.exec('BEGIN EXCLUSIVE');
    } catch {
      file.close();
      return false;
    }
    this.#held = file;
    return true;
  }

  release(): void {
    this.#held?.close();
    this.#held = undefined;
  }
}
