import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { parse } from 'csv-parse';

/** What a CSV holds. */
export interface CsvSummary {
  /** Without the header. */
  readonly rows: number;
  readonly columns: readonly string[];
  /** The sum of every column whose values are all numbers; empty fields do not count. */
  readonly totals: Readonly<Record<string, number>>;
}

/** The file is no CSV. Reading it again will not help. */
export class BrokenCsvError extends Error {}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const OPTIONS = { bom: true, skip_empty_lines: true, max_record_size: 1_048_576 } as const;

/**
 * Reads a CSV with a header line, row by row: memory does not grow with the file. An empty file has no columns.
 *
 * @throws BrokenCsvError with the line, and what reading the file throws
 */
export async function summariseCsv(path: string, signal: AbortSignal): Promise<CsvSummary> {
  // A stream that is made with an aborted signal is destroyed before its file is open, and then never closes it.
  signal.throwIfAborted();
  const tally = new Tally();
  // Not the promise form with a consumer: what the consumer throws may come out of it as "aborted".
  const records = pipeline(createReadStream(path, { signal }), parse(OPTIONS), () => undefined);
  try {
    for await (const row of records) tally.add(row as string[]);
  } catch (error) {
    if (isCsvError(error)) throw new BrokenCsvError(error.message);
    throw error;
  }
  return tally.summary();
}

function isCsvError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('CSV_');
}

class Tally {
  #header: readonly string[] | undefined;
  #rows = 0;
  #sums: ColumnSum[] = [];

  add(fields: readonly string[]): void {
    if (this.#header === undefined) return this.#begin(fields);
    this.#rows += 1;
    for (const [index, field] of fields.entries()) this.#sums[index]?.add(field.trim());
  }

  summary(): CsvSummary {
    const columns = this.#header ?? [];
    const totals = columns.flatMap((column, index) => {
      const total = this.#sums[index]?.total() ?? null;
      return total === null ? [] : [[column, total] as const];
    });
    return { rows: this.#rows, columns, totals: Object.fromEntries(totals) };
  }

  #begin(fields: readonly string[]): void {
    const header = fields.map((field) => field.trim());
    if (header.some((name) => name.includes('\0')))
      throw new BrokenCsvError('It is not text: line 1 holds a zero byte');
    const twice = header.find((name, index) => header.indexOf(name) !== index);
    if (twice !== undefined) throw new BrokenCsvError(`The header names the column "${twice}" twice`);
    this.#header = header;
    this.#sums = header.map(() => new ColumnSum());
  }
}

class ColumnSum {
  #sum = 0;
  #values = 0;
  #numeric = true;

  add(field: string): void {
    if (field === '') return;
    this.#values += 1;
    this.#numeric &&= NUMBER.test(field);
    if (this.#numeric) this.#sum += Number(field);
  }

  /** `null` for a column that is not numeric. Fifteen digits hide that 0.1 + 0.2 is not 0.3 in binary. */
  total(): number | null {
    return this.#numeric && this.#values > 0 ? Number(this.#sum.toPrecision(15)) : null;
  }
}
