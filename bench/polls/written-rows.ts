import Database from 'better-sqlite3';

/** Where the lease of the node is renewed; every process does that, polls or not. */
const NOT_OF_POLLS = 'triggers_node';

/** Counts the rows that are written to a ledger on SQLite, by triggers on its tables. */
export class WrittenRows {
  readonly #db: Database.Database;

  constructor(path: string) {
    this.#db = new Database(path, { timeout: 5_000 });
    const tables = this.#db
      .prepare(`SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'triggers_%' AND name <> ?`)
      .pluck()
      .all(NOT_OF_POLLS) as string[];
    this.#db.exec('CREATE TABLE bench_written (rows integer NOT NULL); INSERT INTO bench_written VALUES (0)');
    for (const table of tables) {
      for (const event of ['INSERT', 'UPDATE', 'DELETE']) {
        this.#db.exec(
          `CREATE TRIGGER bench_${table}_${event} AFTER ${event} ON ${table}
           BEGIN UPDATE bench_written SET rows = rows + 1; END`,
        );
      }
    }
  }

  reset(): void {
    this.#db.exec('UPDATE bench_written SET rows = 0');
  }

  count(): number {
    return this.#db.prepare('SELECT rows FROM bench_written').pluck().get() as number;
  }

  close(): void {
    this.#db.close();
  }
}
