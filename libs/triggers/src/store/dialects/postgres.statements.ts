import type pg from 'pg';
import type { Clock } from '../../model/clock.js';
import { isChange } from './batch.js';
import type { Answer, Batch, Change, ColumnType, Row, Rows, SqlWords } from './batch.js';

const ARRAY_OF: Readonly<Record<ColumnType, string>> = {
  text: 'text[]',
  int: 'int8[]',
  float: 'float8[]',
  bool: 'bool[]',
  bytes: 'bytea[]',
  instant: 'float8[]',
  at: 'float8[]',
};

interface Prepared {
  readonly name: string;
  readonly text: string;
  readonly width: number;
  readonly takesNow: boolean;
}

/** A server that is stopped or a network that swallows packets answers nothing at all: then it is away. */
export const IN_TIME = { query_timeout: 10_000 } as const;

/** The statements of a database: each batch is one text, whose rows arrive as arrays, prepared once per connection. */
export class PostgresStatements {
  readonly #prepared = new Map<string, Prepared>();
  readonly #words: SqlWords;

  constructor(private readonly clock: Clock) {
    this.#words = wordsFor(clock);
  }

  /** The batch with these rows, as the driver takes it. */
  query(batch: Batch | Change, rows: readonly (readonly unknown[])[]): pg.QueryConfig {
    let prepared = this.#prepared.get(batch.name);
    if (prepared === undefined) this.#prepared.set(batch.name, (prepared = prepare(batch, this.#words)));
    const { name, text, width, takesNow } = prepared;
    const values: unknown[] = [];
    for (let column = 0; column < width; column += 1) values.push(rows.map((row) => row[column] ?? null));
    if (takesNow) values.push(this.clock.now());
    return { name, text, values, ...IN_TIME };
  }
}

/** What the batch is answered with, for so many rows. */
export function answerOf(batch: Batch | Change, rows: Rows, places: number): Answer {
  return isChange(batch) ? inPlace(rows, places) : rows;
}

function wordsFor(clock: Clock): SqlWords {
  const now = clock.rulesTheStore ? `to_timestamp($NOW::float8 / 1000.0)` : 'clock_timestamp()';
  return {
    now,
    nowMs: clock.rulesTheStore ? '$NOW::float8' : `(extract(epoch from clock_timestamp()) * 1000)::float8`,
    addMs: (instant, ms) => `(${instant} + (${ms}) * interval '1 millisecond')`,
    msBetween: (from, to) => `(extract(epoch from (${to}) - (${from})) * 1000)::float8`,
    least: (a, b) => `least(${a}, ${b})`,
    // Nothing in a CASE is looked up in an index.
    ifSo: (condition) => `CASE WHEN ${condition} THEN true END`,
    // As rows, they would be joined by a plan that walks over whatever else is there.
    isAmong: (text, array) => `${text} = ANY (ARRAY(SELECT jsonb_array_elements_text(${array}::jsonb)))`,
    skipLocked: 'FOR UPDATE SKIP LOCKED',
    forUpdate: 'FOR UPDATE',
  };
}

/** The rows of a change at the places of what they answer. */
function inPlace(rows: Rows, places: number): Answer {
  const answer = new Array<Row | undefined>(places).fill(undefined);
  for (const row of rows) answer[Number(row['_at']) - 1] = row;
  return answer;
}

function prepare(batch: Batch | Change, words: SqlWords): Prepared {
  const columns = Object.entries(batch.columns);
  const width = columns.length;
  const selected = columns.map(([name, type]) => {
    if (type === 'instant') return `${words.addMs(words.now, name)} AS ${name}`;
    return type === 'at' ? `to_timestamp(${name} / 1000.0) AS ${name}` : name;
  });
  const arrays = columns.map(([, type], index) => `$${index + 1}::${ARRAY_OF[type]}`);
  const names = columns.map(([name]) => name);
  const header =
    width === 0
      ? ''
      : `WITH g AS MATERIALIZED (SELECT ${[...selected, '_at'].join(', ')}
          FROM unnest(${arrays.join(', ')}) WITH ORDINALITY AS u(${[...names, '_at'].join(', ')})) `;
  const returning = isChange(batch) ? ` RETURNING ${['g._at', ...batch.returning].join(', ')}` : '';
  const text = header + batch.sql(words) + returning;
  return {
    name: `triggers_${batch.name}`,
    text: text.replaceAll('$NOW', `$${width + 1}`),
    width,
    takesNow: text.includes('$NOW'),
  };
}
