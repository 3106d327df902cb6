import { TriggerResult } from '../../../model/trigger-result.js';
import type { Poll, TriggerSource } from '../../poll/poll.js';
import { mappingOf } from '../built-in.options.js';
import type { Mapping } from '../built-in.options.js';
import { fittingKey } from '../fitting-key.js';
import { ItemPage, LOOK_MS } from '../item-page.js';
import { OfferedKeys } from '../offered-keys.js';
import { nextMarks } from './marks.js';
import type { Mark } from './marks.js';
import { BATCH, RowQuery } from './row-query.js';
import type { Place, Statement } from './row-query.js';
import { readRows } from './table-database.js';
import type { RawRow } from './table-database.js';
import { resolveTableOptions } from './table.options.js';
import type { ResolvedTableOptions, TableOptions, TableRow } from './table.options.js';

interface TableCursor {
  /** The column that the places are of: with another one it begins anew. */
  readonly of: string;
  readonly marks: readonly Mark[];
  /** A reading that takes several polls: where it goes on, and when it began. */
  readonly reading?: { readonly place: Place; readonly began: number };
  /** The last offer. */
  readonly offer?: string;
}

/** One reading, as far as this poll goes. */
interface Reading<C extends object> {
  readonly poll: Poll;
  readonly began: number;
  /** When this poll began, by the clock of the process. */
  readonly startedAt: number;
  readonly page: ItemPage<C>;
  readonly keys: string[];
  place: Place | null;
}

/** How far a poll got: to the end, to a full page or the end of its time, or nowhere. */
type End = 'end' | 'more' | 'busy';

/** The table has no rows before the first one. */
const BEFORE_ALL: Mark = { at: 0, value: null };

/**
 * Looks for rows whose growing column has grown: new ones, and those that have changed.
 *
 * **Equal values.** Rows are read in the order of value and key, so any number of them may share a value.
 *
 * **Late commits.** A transaction takes the value of a row (a number of a sequence, the time) and commits later; another one
 * that has taken a larger value may have been seen before. So every poll reads a little way back: everything since the largest
 * value of `lookBack` ago. That it has fired before is known from the dedup key (key and value of the row), or from memory.
 *
 * **Many rows.** At most 500 fire in one poll; the next one goes on at once.
 */
export class TableSource<C extends object = TableRow> implements TriggerSource<C> {
  readonly #options: ResolvedTableOptions;
  readonly #toContext: (row: TableRow) => C;
  readonly #offered = new OfferedKeys();
  #query: RowQuery | undefined;

  /** @throws TRG_DEF_INVALID_OPTION, TRG_DEF_INVALID_DURATION */
  constructor(options: TableOptions & Mapping<TableRow, C>, where = 'TableSource') {
    this.#options = resolveTableOptions(options, where);
    this.#toContext = mappingOf<TableRow>(options) as (row: TableRow) => C;
  }

  /** @throws TRG_POLL_SOURCE for a column that is not there, or a DataSource that is not open; the error of the database */
  async poll(poll: Poll): Promise<TriggerResult<C>> {
    const cursor = this.#cursorOf(poll);
    if (cursor === null) return this.#begin(poll);
    if (!poll.dryRun) this.#offered.settle(cursor.offer);
    const [first = BEFORE_ALL] = cursor.marks;
    const from = first.value === null ? null : first;
    const { place = from, began = poll.now.getTime() } = cursor.reading ?? {};
    const startedAt = performance.now();
    const reading: Reading<C> = { poll, began, startedAt, page: new ItemPage(BATCH), keys: [], place };
    const end = await this.#read(reading);
    const isLong = end === 'more' && cursor.reading === undefined;
    return this.#result(reading, end, { ...cursor, marks: await this.#marks(reading, end, cursor.marks, isLong) });
  }

  /** The first poll of all. */
  async #begin({ signal }: Poll): Promise<TriggerResult<C>> {
    const { from } = this.#options;
    const rows = from === 'now' ? await this.#rows(this.#rowQuery.last(), signal) : [];
    if (rows === null) return TriggerResult.skip(BUSY);
    const mark: Mark = rows[0] === undefined ? BEFORE_ALL : { at: 0, ...this.#rowQuery.placeOf(rows[0]) };
    const cursor: TableCursor = { of: this.#of, marks: [mark] };
    if (from === 'beginning') return TriggerResult.fireMany([], { cursor, more: true });
    return TriggerResult.skip('begins with the rows that come now', { cursor });
  }

  /** Reads on until the page is full or the time is over (`more`), there is nothing left (`end`), or nothing can be read (`busy`). */
  async #read(reading: Reading<C>): Promise<End> {
    const deadline = reading.startedAt + LOOK_MS;
    for (;;) {
      const rows = await this.#rows(this.#rowQuery.after(reading.place), reading.poll.signal);
      if (rows === null) return 'busy';
      for (const row of rows) {
        const place = this.#rowQuery.placeOf(row);
        if (!this.#take(reading, row, place)) return 'more';
        reading.place = place;
      }
      if (rows.length < BATCH) return 'end';
      if (performance.now() > deadline) return 'more';
    }
  }

  /** `false` when the page has no room for the row. */
  #take({ page, keys }: Reading<C>, row: RawRow, { keys: key, value }: Required<Place>): boolean {
    const dedupKey = fittingKey(JSON.stringify([...key, value]));
    if (this.#offered.has(dedupKey)) return true;
    if (!page.add({ context: this.#toContext(this.#rowQuery.rowOf(row)), dedupKey })) return false;
    keys.push(dedupKey);
    return true;
  }

  /** A reading that goes on over several polls notes what was the largest value when it began: it reads less again after it. */
  async #marks(reading: Reading<C>, end: End, marks: readonly Mark[], isLong: boolean): Promise<readonly Mark[]> {
    if (end !== 'end' && !isLong) return marks;
    const [last] = isLong ? ((await this.#rows(this.#rowQuery.last(), reading.poll.signal)) ?? []) : [];
    const high = last === undefined ? reading.place : this.#rowQuery.placeOf(last);
    const ended = reading.poll.now.getTime() + Math.ceil(performance.now() - reading.startedAt);
    const settledAt = isLong ? Number.NEGATIVE_INFINITY : reading.began - this.#options.lookBackMs;
    return nextMarks(marks, high ?? BEFORE_ALL, { ended, settledAt, lookBackMs: this.#options.lookBackMs });
  }

  #result({ poll, began, page, keys, place }: Reading<C>, end: End, before: TableCursor): TriggerResult<C> {
    const offer = keys.length > 0 && !poll.dryRun ? this.#offered.offer(keys) : before.offer;
    const cursor: TableCursor = {
      of: this.#of,
      marks: before.marks,
      ...(end !== 'end' && { reading: { place: place ?? BEFORE_ALL, began } }),
      ...(offer !== undefined && { offer }),
    };
    if (page.items.length > 0) return TriggerResult.fireMany(page.items, { cursor, more: end === 'more' });
    if (end === 'more') return TriggerResult.fireMany([], { cursor, more: true });
    return TriggerResult.skip(end === 'busy' ? BUSY : 'no new rows', { cursor });
  }

  #cursorOf({ cursor }: Poll): TableCursor | null {
    const stored = cursor as TableCursor | undefined;
    return stored?.of === this.#of && Array.isArray(stored.marks) ? stored : null;
  }

  #rows({ sql, parameters }: Statement, signal: AbortSignal): Promise<readonly RawRow[] | null> {
    return readRows(this.#options.dataSource, sql, parameters, signal);
  }

  /** Made when it is needed: entities are known once the DataSource is open. */
  get #rowQuery(): RowQuery {
    return (this.#query ??= new RowQuery(this.#options));
  }

  /** As the database names it: classes and properties may be given other names. */
  get #of(): string {
    return this.#rowQuery.of;
  }
}

const BUSY = 'the application was writing all the time';
