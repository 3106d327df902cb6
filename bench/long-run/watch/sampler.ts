import type { AppProcess } from '../app/app-process.js';
import type { ControlProcess } from '../control/control-process.js';
import { percentile } from '../../harness/statistics.js';
import type { LedgerWatch, TableSize } from '../../harness/ledger-watch.js';

const MB = 2 ** 20;
/** What nobody prunes: keys of `dedup: { for: 'ever' }`, and what operators did. */
const KEPT_FOR_EVER = ['triggers_dedup', 'triggers_audit', 'triggers_migrations'];
const ENDED = `state IN ('completed', 'failed', 'cancelled')`;

/** One look at everything: numbers by name, see `series.ts`. */
export type LongRunSample = Readonly<Record<string, number>>;

/** Looks at the process from inside, and at the database beside it. */
export class Sampler {
  readonly #began = performance.now();
  #endedBefore = new Date().toISOString();
  #lookedAt = performance.now();

  constructor(
    private readonly app: AppProcess,
    private readonly ledger: LedgerWatch,
    private readonly control: ControlProcess,
    /** Executions whose length an operator decided. */
    private readonly touched: ReadonlySet<string>,
  ) {}

  async sample(): Promise<LongRunSample> {
    const inside = await this.app.ask('sample', null);
    const controlP99 = await this.control.delayP99();
    const [tables, disk, open] = [await this.ledger.tables(), await this.ledger.disk(), await this.open()];
    const minutes = (performance.now() - this.#began) / 60_000;
    return {
      minutes,
      ...inside,
      controlP99,
      ...rowsOf(tables),
      ...sizesOf(tables, disk),
      open,
      ...(await this.#ended()),
    };
  }

  /** Executions that have not ended. */
  async open(): Promise<number> {
    const sql = `SELECT count(*) AS n FROM triggers_execution WHERE state <> 'completed' AND NOT ${ENDED}`;
    return Number((await this.ledger.rows(sql))[0]?.['n']);
  }

  /** From the commit of the firing to that of the end, as the ledger has it. */
  async #ended(): Promise<LongRunSample> {
    const sql = `SELECT id, created_at, finished_at FROM triggers_execution
      WHERE state = 'completed' AND finished_at > '${this.#endedBefore}' ORDER BY finished_at`;
    const rows = (await this.ledger.rows(sql)).map((row) => {
      return { id: String(row['id']), from: instant(row['created_at']), to: instant(row['finished_at']) };
    });
    const seconds = (performance.now() - this.#lookedAt) / 1_000;
    this.#lookedAt = performance.now();
    this.#endedBefore = new Date(rows.at(-1)?.to ?? Date.parse(this.#endedBefore)).toISOString();
    const lengths = rows.filter(({ id }) => !this.touched.has(id)).map(({ from, to }) => to - from);
    return {
      completed: rows.length / seconds,
      latencyP50: percentile(lengths, 0.5),
      latencyP99: percentile(lengths, 0.99),
    };
  }
}

function instant(value: unknown): number {
  return value instanceof Date ? value.getTime() : Date.parse(String(value));
}

function rowsOf(tables: readonly TableSize[]): LongRunSample {
  return Object.fromEntries(tables.map(({ table, rows }) => [`rows_${table.replace('triggers_', '')}`, rows]));
}

function sizesOf(tables: readonly TableSize[], disk: { file: number; log: number }): LongRunSample {
  const kept = tables.filter(({ table }) => KEPT_FOR_EVER.includes(table)).reduce((sum, { bytes }) => sum + bytes, 0);
  const pruned = tables.reduce((sum, { bytes }) => sum + bytes, -kept);
  return {
    database: disk.file / MB,
    log: disk.log / MB,
    kept: kept / MB,
    pruned: pruned / MB,
    /** Grows only when what is pruned leaves holes that nobody fills. */
    databaseWithoutKept: (disk.file - kept) / MB,
  };
}
