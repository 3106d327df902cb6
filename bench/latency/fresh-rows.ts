import { randomUUID } from 'node:crypto';

/** Commits the rows of one firing by hand: same tables, same indexes, same durability, prepared statements. */
export interface RawCommits {
  /** Commits once; tells the ms it took. */
  commit(): Promise<number>;
  close(): Promise<void>;
}

/** What a fire of one task writes, parents first. */
export const TABLES = ['triggers_firing', 'triggers_execution', 'triggers_task'] as const;

/** A row as its driver reads and writes it. */
export type Row = Readonly<Record<string, unknown>>;

/** Makes the values of one firing after the other: those that were copied, with new ids in place of the old. */
export class FreshRows {
  readonly #ids: readonly string[];

  constructor(private readonly rows: readonly Row[]) {
    this.#ids = [...new Set(rows.map((row) => String(row['id'])))];
  }

  next(): unknown[][] {
    const ids = this.#ids.map((id) => [id, randomUUID()] as const);
    const renamed = (value: unknown): unknown =>
      typeof value === 'string' ? ids.reduce((text, [old, id]) => text.replaceAll(old, id), value) : value;
    return this.rows.map((row) => Object.values(row).map(renamed));
  }
}
