import { DataSource } from 'typeorm';

/** What a transaction on SQLite, and one on Postgres, does so that nobody else commits to the ledger. */
const HOLD = {
  sqlite: ['BEGIN IMMEDIATE'],
  postgres: ['BEGIN', 'LOCK TABLE triggers_firing IN EXCLUSIVE MODE'],
} as const;

/** Somebody with a prompt into the databases: another process than the application, which knows nothing of it. */
export class DatabaseShell {
  private constructor(
    private readonly shop: DataSource,
    private readonly ledger: DataSource,
  ) {}

  /** @param databases files, or Postgres URLs */
  static async open(databases: { readonly shop: string; readonly ledger: string }): Promise<DatabaseShell> {
    const [shop, ledger] = [connect(databases.shop), connect(databases.ledger)];
    await shop.initialize();
    await ledger.initialize();
    return new DatabaseShell(shop, ledger);
  }

  /** Runs statements in a transaction of the database of the shop; returns the rows of the last one. */
  async run(...statements: readonly string[]): Promise<readonly Readonly<Record<string, unknown>>[]> {
    return this.shop.transaction(async (manager) => {
      let rows: unknown;
      for (const sql of statements) rows = await manager.query(sql);
      return rows as Readonly<Record<string, unknown>>[];
    });
  }

  /** Runs statements, and takes them back. */
  async takeBack(...statements: readonly string[]): Promise<void> {
    const runner = this.shop.createQueryRunner();
    await runner.startTransaction();
    for (const sql of statements) await runner.query(sql);
    await runner.rollbackTransaction();
    await runner.release();
  }

  /** How many changes are committed and not fired yet. */
  waiting(): Promise<number> {
    return this.count('triggers_outbox');
  }

  /** How many rows a table of the shop has. */
  async count(table: string): Promise<number> {
    const [row] = await this.shop.query<{ readonly count: number | string }[]>(
      `SELECT COUNT(*) AS count FROM ${table}`,
    );
    return Number(row?.count);
  }

  /** Until it is released, nothing is committed to the ledger. @returns what releases it */
  async holdLedger(): Promise<() => Promise<void>> {
    const runner = this.ledger.createQueryRunner();
    for (const sql of HOLD[this.ledger.options.type === 'postgres' ? 'postgres' : 'sqlite']) await runner.query(sql);
    return async () => {
      await runner.query('ROLLBACK');
      await runner.release();
    };
  }

  async close(): Promise<void> {
    await this.shop.destroy();
    await this.ledger.destroy();
  }
}

function connect(database: string): DataSource {
  if (database.startsWith('postgres'))
    return new DataSource({ type: 'postgres', url: database, connectTimeoutMS: 10_000 });
  return new DataSource({ type: 'better-sqlite3', database });
}
