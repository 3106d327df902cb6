import { randomUUID } from 'node:crypto';
import Database from 'better-sqlite3';

type Value = string | number | Buffer | null;
type Row = Record<string, Value>;

/** What a fire of one task writes, parents first. */
const TABLES = ['triggers_firing', 'triggers_execution', 'triggers_task'] as const;

/** Commits the rows of one firing by hand: same tables, same indexes, same durability, prepared statements. */
export class RawCommits {
  readonly #db: Database.Database;
  readonly #rows: { readonly insert: Database.Statement; readonly values: readonly Value[] }[];
  /** The ids of the row that is copied; every commit has new ones in their place. */
  readonly #ids: readonly string[];

  /** @param source a ledger with at least one execution: its schema and the rows of its first firing are copied */
  constructor(source: string, path: string) {
    const ledger = new Database(source, { readonly: true });
    this.#db = new Database(path);
    this.#db.pragma('journal_mode = WAL');
    this.#db.pragma('synchronous = FULL');
    const schema = ledger.prepare(`SELECT sql FROM sqlite_master WHERE tbl_name LIKE 'triggers_%' AND sql IS NOT NULL`);
    for (const sql of schema.pluck().all() as string[]) this.#db.exec(sql);
    const rows = TABLES.map((table) => [table, ledger.prepare(`SELECT * FROM ${table} LIMIT 1`).get() as Row] as const);
    ledger.close();
    this.#ids = [...new Set(rows.map(([, row]) => String(row['id'])))];
    this.#rows = rows.map(([table, row]) => ({
      insert: this.#db.prepare(
        `INSERT INTO ${table} (${Object.keys(row).join(', ')}) VALUES (${Object.keys(row)
          .map(() => '?')
          .join(', ')})`,
      ),
      values: Object.values(row),
    }));
  }

  /** Commits once; tells the ms it took. */
  commit(): number {
    const rows = this.#fresh();
    const started = performance.now();
    this.#db.exec('BEGIN IMMEDIATE');
    this.#rows.forEach(({ insert }, index) => insert.run(rows[index]));
    this.#db.exec('COMMIT');
    return performance.now() - started;
  }

  close(): void {
    this.#db.close();
  }

  #fresh(): Value[][] {
    const ids = this.#ids.map((id) => [id, randomUUID()] as const);
    const renamed = (value: Value): Value =>
      typeof value === 'string' ? ids.reduce((text, [old, id]) => text.replaceAll(old, id), value) : value;
    return this.#rows.map(({ values }) => values.map(renamed));
  }
}
