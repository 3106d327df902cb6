/** How a column of a batch is carried to the database. `instant` counts in ms from now, `at` in ms since 1970. */
export type ColumnType = 'text' | 'int' | 'float' | 'bool' | 'bytes' | 'instant' | 'at';

/** A row as the drivers return it. */
export type Row = Readonly<Record<string, unknown>>;
/** The rows that a statement returned. */
export type Rows = readonly Row[];

/** The few expressions that the databases spell differently. */
export interface SqlWords {
  /** The present instant, by the clock that rules the rows. */
  readonly now: string;
  /** An instant plus a number of milliseconds. */
  readonly addMs: (instant: string, ms: string) => string;
  /** The milliseconds from one instant to another. */
  readonly msBetween: (from: string, to: string) => string;
  /** The present instant as milliseconds since 1970. */
  readonly nowMs: string;
  /** Keeps rows from being claimed twice; nothing where one process writes at a time. */
  readonly skipLocked: string;
  /** Locks the rows that a SELECT reads until the commit. */
  readonly forUpdate: string;
  /** A condition on rows that are found by their keys: where it has an index of its own, that one is not taken instead. */
  readonly ifSo: (condition: string) => string;
  /** Whether a text is one of a JSON array. */
  readonly isAmong: (text: string, array: string) => string;
  /** The smaller of two numbers. */
  readonly least: (a: string, b: string) => string;
}

/**
 * One statement over many rows. Its SQL reads the rows from the table expression `g`, whose columns are those of
 * `columns` in their order; names in `g` begin with `_`, so they never collide with a table's.
 */
export interface Batch {
  readonly name: string;
  readonly columns: Readonly<Record<string, ColumnType>>;
  /** It only locks rows in their order, or lets go of them: nothing to do where one process writes at a time. */
  readonly onlyLocks?: boolean;
  sql(words: SqlWords): string;
}

/**
 * An UPDATE that changes at most one row of its table for each row of `g`, and is answered row for row. SQLite, where a call
 * costs less than a join, runs it once for each row; Postgres once for all.
 */
export interface Change extends Batch {
  readonly table: string;
  /** Finds the row: the columns of the primary key and those of `g`. */
  readonly key: string;
  /** The columns of the changed row that are answered. */
  readonly returning: readonly string[];
}

/** The parts of a {@link Change}; their texts read `g._column`, never `g` itself. */
interface ChangeParts extends Pick<Change, 'name' | 'columns' | 'table' | 'key'> {
  /** What becomes of the columns. */
  readonly set: (words: SqlWords) => string;
  /** What the row has to be like; otherwise it stays as it is. */
  readonly when?: string;
  /** @default none: the answer says only whether a row was changed */
  readonly returning?: Change['returning'];
}

/** A statement that a unit of work asks for: answered with the rows that it returned. */
export interface Step {
  readonly batch: Batch | Change;
  readonly rows: readonly (readonly unknown[])[];
  /** The unit of work goes on at once, answered with nothing; see {@link send}. */
  readonly heard?: Heard;
  /** It may leave later; see {@link askAhead}. */
  readonly ahead?: Ahead;
}

/** A question whose answer is needed later. */
export interface Ahead extends Pick<Step, 'rows'> {
  readonly batch: Batch;
  /** The answer while it holds; `null`: it did not leave yet, or something was waited for since. */
  found: Rows | null;
  /** It leaves with nothing else any more. */
  isOver: boolean;
}

/** Is told what a statement returned. */
export type Heard = (rows: Rows) => void;

/** The rows that a statement returned; those of a {@link Change} stand at the place of what they answer. */
export type Answer = readonly (Row | undefined)[];

/**
 * A unit of work: yields statements, gets their rows, returns its outcome. The same code runs synchronously on SQLite
 * (no `await` between BEGIN and COMMIT) and asynchronously on Postgres.
 */
export type Work<R> = Generator<Step, R, Answer>;

/** Asks for one statement inside a unit of work; no rows in `rows` means nothing to do and no round trip. */
export function* run(batch: Batch, rows: readonly (readonly unknown[])[]): Work<Rows> {
  return rows.length === 0 ? [] : ((yield { batch, rows }) as Rows);
}

/**
 * Asks for one statement whose answer nothing in this unit of work waits for. `heard` is told it before the outcome of the commit
 * is, but perhaps not before the commit: what it does must be undone when the commit fails. A statement that fails
 * fails the unit of work, wherever that has got to.
 */
export function* send(batch: Batch, rows: readonly (readonly unknown[])[], heard: Heard = ignore): Work<void> {
  if (rows.length > 0) yield { batch, rows, heard };
}

const ignore: Heard = () => undefined;

/**
 * Asks ahead, by a statement that only reads, what {@link answerTo} needs: it leaves right behind the next statement that is waited for, and
 * costs no round trip of its own. Each one is a turn of the event loop, which a busy process takes milliseconds for.
 */
export function* askAhead(batch: Batch, rows: readonly (readonly unknown[])[]): Work<Ahead> {
  const ahead: Ahead = { batch, rows, found: null, isOver: false };
  if (rows.length > 0) yield { batch, rows, ahead };
  return ahead;
}

/** What is found now: where anything was waited for since the answer came, it is asked for again. */
export function* answerTo(ahead: Ahead): Work<Rows> {
  ahead.isOver = true;
  return ahead.found ?? (yield* run(ahead.batch, ahead.rows));
}

/** Asks for one change for each row: answered with the columns that it returns, or `undefined` where it found nothing to change. */
export function* runEach(change: Change, rows: readonly (readonly unknown[])[]): Work<Answer> {
  return rows.length === 0 ? [] : yield { batch: change, rows };
}

/** Asks for one statement that takes no rows from outside. */
export function* runOnce(batch: Batch): Work<Rows> {
  return (yield { batch, rows: [[]] }) as Rows;
}

/** Defines a statement. */
export function batch(name: string, columns: Batch['columns'], sql: Batch['sql']): Batch {
  return { name, columns, sql };
}

/** Defines a change of one row for each row of `g`. */
export function change({ set, when, returning = [], ...of }: ChangeParts): Change {
  return {
    ...of,
    returning,
    sql: (words) => {
      const where = when === undefined ? of.key : `${of.key} AND ${words.ifSo(when)}`;
      return `UPDATE ${of.table} SET ${set(words)} FROM g WHERE ${where}`;
    },
  };
}

/** Whether a statement is answered row for row. */
export function isChange(batch: Batch | Change): batch is Change {
  return 'returning' in batch;
}

/** An instant as either driver returns it. */
export function toDate(value: unknown): Date | null {
  if (value === null || value === undefined) return null;
  return value instanceof Date ? value : new Date(value as string);
}
