import type { AuditRow, ExecutionRow, FiringRow, TickRow } from '../store/entities/rows.js';
import type { Store } from '../store/store.service.js';
import type { Condition } from './conditions.js';
import { MAX_EXACT_TOTAL, decodeAfter, limitOf, toPage, toTotal } from './page.js';
import type { Page, PageRequest } from './page.js';

/** The tables that are read page by page. Contexts are left out: a page of them could be a gigabyte. */
export interface ListedRows {
  readonly firing: Omit<FiringRow, 'context' | 'payload' | 'origin'>;
  readonly execution: ExecutionRow;
  readonly tick: TickRow;
  readonly audit: AuditRow;
}

/** Columns of a firing that lists leave out. */
const UNLISTED: readonly string[] = ['context', 'payload', 'origin'];

/** A name of {@link ListedRows}. */
export type Listed = keyof ListedRows;

/**
 * One page of a table, newest first, by its ids (UUIDv7): a page costs the same wherever it lies, and rows that are
 * added meanwhile move nothing.
 */
export async function readPage<T extends Listed>(
  store: Store,
  table: T,
  conditions: readonly Condition[],
  request: PageRequest,
): Promise<Page<ListedRows[T]>> {
  const limit = limitOf(request);
  const behind = request.after === undefined ? [] : [before(decodeAfter(request.after))];
  const rows = await rowsOf(store, table, [...conditions, ...behind], limit + 1);
  const counted =
    request.after === undefined && rows.length <= limit ? rows.length : await count(store, table, conditions);
  return { ...toPage(rows, limit, ({ id }) => id), total: toTotal(counted) };
}

/** The newest rows that pass every condition. */
export async function rowsOf<T extends Listed>(
  store: Store,
  table: T,
  conditions: readonly Condition[],
  limit: number,
): Promise<ListedRows[T][]> {
  const rows = await filtered(store, table, conditions)
    .select(columnsOf(store, table))
    .orderBy('row.id', 'DESC')
    .limit(limit)
    .getMany();
  return rows as unknown as ListedRows[T][];
}

/** How many rows pass every condition, counted up to one more than {@link MAX_EXACT_TOTAL}. */
export async function count(store: Store, table: Listed, conditions: readonly Condition[]): Promise<number> {
  const found = filtered(store, table, conditions)
    .select('1', 'one')
    .limit(MAX_EXACT_TOTAL + 1);
  const counting = store.reader
    .createQueryBuilder()
    .select('COUNT(*)', 'counted')
    .from(`(${found.getQuery()})`, 'found');
  const row = await counting.setParameters(found.getParameters()).getRawOne<{ counted: number | string }>();
  return Number(row?.counted ?? 0);
}

/** Rows older than an id. */
export function before(id: string): Condition {
  return { sql: 'row.id < :before', parameters: { before: id } };
}

function filtered(store: Store, table: Listed, conditions: readonly Condition[]) {
  // The query builder takes one entity type at a time; which of the four it is makes no difference here.
  const query = store.reader.createQueryBuilder(store.entities[table] as typeof store.entities.execution, 'row');
  for (const { sql, parameters } of conditions) query.andWhere(sql, parameters);
  return query;
}

function columnsOf(store: Store, table: Listed): string[] {
  const columns = Object.keys(store.entities[table].options.columns);
  return columns.filter((column) => table !== 'firing' || !UNLISTED.includes(column)).map((column) => `row.${column}`);
}
