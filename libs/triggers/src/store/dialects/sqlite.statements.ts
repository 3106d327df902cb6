import type BetterSqlite3 from 'better-sqlite3';
import { isChange } from './batch.js';
import type { Answer, Batch, Change, ColumnType, Row, SqlWords } from './batch.js';

const WORDS: SqlWords = {
  now: '@now',
  nowMs: '@nowMs',
  addMs: (instant, ms) => `strftime('%Y-%m-%dT%H:%M:%fZ', ${instant}, ((${ms}) / 1000.0) || ' seconds')`,
  msBetween: (from, to) => `((julianday(${to}) - julianday(${from})) * 86400000.0)`,
  least: (a, b) => `min(${a}, ${b})`,
  ifSo: (condition) => `(${condition})`,
  isAmong: (text, array) => `${text} IN (SELECT value FROM json_each(${array}))`,
  skipLocked: '',
  forUpdate: '',
};

/** Rows that one statement takes at once: few texts to prepare, few calls to make. */
const CHUNKS = [64, 8, 1] as const;

type GivenRow = readonly unknown[];

/** A prepared statement and how its rows become parameters. */
interface Prepared {
  /** Answers what it found for these rows. */
  run(rows: readonly GivenRow[], present: Present, into: (Row | undefined)[]): void;
}

/**
 * The statements of one connection, prepared when first asked for. A batch runs in chunks: a statement takes 64, 8 or 1 rows,
 * so there are few texts to prepare and few calls to make. A change runs row by row: `UPDATE … FROM` over a chunk builds
 * a table of its own first, and costs twice as much.
 */
export class SqliteStatements {
  readonly #batches = new Map<string, Prepared>();
  readonly #changes = new Map<string, Prepared>();

  /** Runs a batch on the connection; instants follow `nowMs`. */
  execute(db: BetterSqlite3.Database, batch: Batch | Change, rows: readonly GivenRow[], nowMs: number): Answer {
    if (batch.onlyLocks === true) return [];
    const present: Present = { now: iso(nowMs), nowMs };
    const answer: (Row | undefined)[] = [];
    if (isChange(batch)) this.#change(db, batch).run(rows, present, answer);
    else {
      for (let from = 0; from < rows.length;) {
        const size = CHUNKS.find((chunk) => chunk <= rows.length - from) ?? 1;
        this.#batch(db, batch, size).run(rows.slice(from, from + size), present, answer);
        from += size;
      }
    }
    return answer;
  }

  /** Forgets them all: the connection closes. */
  clear(): void {
    this.#batches.clear();
    this.#changes.clear();
  }

  #batch(db: BetterSqlite3.Database, batch: Batch, rows: number): Prepared {
    const name = `${batch.name}/${rows}`;
    let prepared = this.#batches.get(name);
    if (prepared === undefined) this.#batches.set(name, (prepared = prepareBatch(db, batch, rows)));
    return prepared;
  }

  #change(db: BetterSqlite3.Database, change: Change): Prepared {
    let prepared = this.#changes.get(change.name);
    if (prepared === undefined) this.#changes.set(change.name, (prepared = prepareChange(db, change)));
    return prepared;
  }
}

function prepareBatch(db: BetterSqlite3.Database, batch: Batch, rows: number): Prepared {
  const names = Object.keys(batch.columns);
  const types = Object.values(batch.columns);
  const row = `(${names.map(() => '?').join(', ')})`;
  const header =
    names.length === 0 ? '' : `WITH g(${names.join(', ')}) AS (VALUES ${Array(rows).fill(row).join(', ')}) `;
  const body = batch.sql(WORDS);
  const statement = db.prepare(header + body);
  const takesNow = body.includes('@now');
  return {
    run(given, present, into) {
      const values: unknown[] = [];
      for (const one of given)
        for (let at = 0; at < types.length; at += 1) values.push(bound(one[at], types[at], present));
      const parameters = takesNow ? [values, present] : [values];
      if (!statement.reader) statement.run(...parameters);
      else for (const found of statement.all(...parameters)) into.push(found as Row);
    },
  };
}

const NOTHING_ASKED: Row = {};

/** What was changed is read by a statement of its own: `RETURNING` makes SQLite gather rows first, and doubles the price. */
function prepareChange(db: BetterSqlite3.Database, change: Change): Prepared {
  const { table, key, returning } = change;
  const update = prepareForOne(db, change, change.sql(WORDS).replace(/\bFROM g\b/, ''));
  const answer =
    returning.length === 0
      ? null
      : prepareForOne(db, change, `SELECT ${returning.join(', ')} FROM ${table} WHERE ${key}`);
  return {
    run(given, present, into) {
      for (const row of given) {
        const { changes } = update.statement.run(update.values(row, present));
        if (changes === 0) into.push(undefined);
        else into.push(answer === null ? NOTHING_ASKED : (answer.statement.get(answer.values(row, present)) as Row));
      }
    },
  };
}

/** A statement about one row has no `g`: its columns are parameters, in the order in which the text names them. */
function prepareForOne(db: BetterSqlite3.Database, { columns }: Change, text: string): PreparedForOne {
  const names = Object.keys(columns);
  const types = Object.values(columns);
  const places: number[] = [];
  const statement = db.prepare(
    text.replace(/\bg\.(_\w+)|@now\b/g, (_word, name: string | undefined) => {
      places.push(name === undefined ? -1 : names.indexOf(name));
      return '?';
    }),
  );
  const values = new Array<unknown>(places.length);
  return {
    statement,
    values(row, present) {
      places.forEach((place, at) => {
        values[at] = place < 0 ? present.now : bound(row[place], types[place], present);
      });
      return values;
    },
  };
}

interface PreparedForOne {
  readonly statement: BetterSqlite3.Statement;
  /** Its parameters, in one array for all calls. */
  values(row: GivenRow, present: Present): readonly unknown[];
}

/** The present as the rows of one statement see it. */
interface Present {
  readonly now: string;
  readonly nowMs: number;
}

function bound(value: unknown, type: ColumnType | undefined, present: Present): unknown {
  if (value === null || value === undefined) return null;
  if (type === 'bool') return value === true ? 1 : 0;
  if (type === 'instant') return value === 0 ? present.now : iso(present.nowMs + (value as number));
  return type === 'at' ? iso(value as number) : value;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
