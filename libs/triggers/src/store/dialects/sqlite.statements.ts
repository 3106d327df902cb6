import type BetterSqlite3 from 'better-sqlite3';
import type { Batch, ColumnType, Row, Rows, SqlWords } from './batch.js';

const WORDS: SqlWords = {
  now: '@now',
  nowMs: '@nowMs',
  addMs: (instant, ms) => `strftime('%Y-%m-%dT%H:%M:%fZ', ${instant}, ((${ms}) / 1000.0) || ' seconds')`,
  least: (a, b) => `min(${a}, ${b})`,
  jsonTexts: (array) => `SELECT value FROM json_each(${array})`,
  skipLocked: '',
  forUpdate: '',
};

/** Rows that one statement takes at once: few texts to prepare, few calls to make. */
const CHUNKS = [64, 8, 1] as const;

interface Prepared {
  readonly statement: BetterSqlite3.Statement;
  readonly returnsRows: boolean;
  readonly binds: readonly ColumnType[];
  readonly takesNow: boolean;
}

/**
 * The statements of one connection, prepared when first asked for. A batch runs in chunks: a statement takes 64, 8 or 1 rows,
 * so there are few texts to prepare and few calls to make.
 */
export class SqliteStatements {
  readonly #prepared = new Map<string, Prepared>();

  /** Runs a batch on the connection; instants follow `nowMs`. */
  execute(db: BetterSqlite3.Database, batch: Batch, rows: readonly (readonly unknown[])[], nowMs: number): Rows {
    if (batch.onlyLocks === true) return [];
    const present: Present = { now: iso(nowMs), nowMs };
    const found: Row[] = [];
    for (let from = 0; from < rows.length;) {
      const size = CHUNKS.find((chunk) => chunk <= rows.length - from) ?? 1;
      const prepared = this.#prepare(db, batch, size);
      const values: unknown[] = [];
      for (let at = from; at < from + size; at += 1) bindRow(values, prepared.binds, rows[at] ?? [], present);
      const given = prepared.takesNow ? [values, present] : [values];
      if (!prepared.returnsRows) prepared.statement.run(...given);
      else for (const result of prepared.statement.all(...given)) found.push(result as Row);
      from += size;
    }
    return found;
  }

  /** Forgets them all: the connection closes. */
  clear(): void {
    this.#prepared.clear();
  }

  #prepare(db: BetterSqlite3.Database, batch: Batch, rows: number): Prepared {
    const name = `${batch.name}/${rows}`;
    let prepared = this.#prepared.get(name);
    if (prepared === undefined) this.#prepared.set(name, (prepared = prepare(db, batch, rows)));
    return prepared;
  }
}

function prepare(db: BetterSqlite3.Database, batch: Batch, rows: number): Prepared {
  const names = Object.keys(batch.columns);
  const row = `(${names.map(() => '?').join(', ')})`;
  const header =
    names.length === 0 ? '' : `WITH g(${names.join(', ')}) AS (VALUES ${Array(rows).fill(row).join(', ')}) `;
  const body = batch.sql(WORDS);
  const statement = db.prepare(header + body);
  return {
    statement,
    returnsRows: statement.reader,
    binds: Object.values(batch.columns),
    takesNow: body.includes('@now'),
  };
}

/** The present as the rows of one statement see it. */
interface Present {
  readonly now: string;
  readonly nowMs: number;
}

function bindRow(values: unknown[], types: readonly ColumnType[], row: readonly unknown[], present: Present): void {
  for (let column = 0; column < types.length; column += 1) {
    const value = row[column];
    if (value === null || value === undefined) values.push(null);
    else if (types[column] === 'bool') values.push(value ? 1 : 0);
    else if (types[column] === 'instant')
      values.push(value === 0 ? present.now : iso(present.nowMs + (value as number)));
    else if (types[column] === 'at') values.push(iso(value as number));
    else values.push(value);
  }
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
