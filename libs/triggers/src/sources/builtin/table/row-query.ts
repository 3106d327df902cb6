import type { AnyClass } from '../../../discovery/metadata.js';
import { columnOf, columnsOf, ownRows, quoted } from './entity-table.js';
import type { EntityTable } from './entity-table.js';
import { requireOpen } from './table-database.js';
import type { RawRow, TableDatabase } from './table-database.js';
import type { ResolvedTableOptions, TableRow } from './table.options.js';

/**
 * A place in the order of the growing column, then of the key. Values are as the database writes them, because what JavaScript
 * makes of them is coarser (microseconds, numbers beyond 2^53). Without keys it is the place before all rows of that value.
 */
export interface Place {
  readonly value: unknown;
  readonly keys?: readonly unknown[];
}

/** A statement with its parameters. */
export interface Statement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** Rows are read so many at a time. */
export const BATCH = 500;

const VALUE = '__trigger_value';
const KEY = '__trigger_key_';

/** The statements of one table, on one dialect, with every name quoted. */
export class RowQuery {
  /** The column that the places are of. */
  readonly of: string;
  readonly #from: string;
  readonly #own: string;
  readonly #column: string;
  readonly #keys: readonly string[];
  readonly #select: string;
  readonly #isPostgres: boolean;

  /** @throws TRG_POLL_SOURCE for a column that the entity does not have */
  constructor({
    dataSource,
    table,
    column,
    key,
  }: Pick<ResolvedTableOptions, 'dataSource' | 'table' | 'column' | 'key'>) {
    this.#isPostgres = dataSource.options.type === 'postgres';
    const entity = typeof table === 'string' ? null : entityOf(dataSource, table);
    const path =
      entity === null ? String(table).split('.') : [...(entity.schema ? [entity.schema] : []), entity.tableName];
    const nameOf = (name: string): string => (entity === null ? name : columnOf(entity, name));
    const named = (name: string): string => `t.${quoted(nameOf(name))}`;
    this.of = [...path, nameOf(column)].join('.');
    this.#from = `FROM ${path.map(quoted).join('.')} t`;
    this.#own = entity === null ? '' : ownRows(entity);
    this.#column = named(column);
    this.#keys = key?.map(named) ?? entity?.primaryColumns.map(({ databaseName }) => `t.${quoted(databaseName)}`) ?? [];
    this.#select = `SELECT ${[...columnsOf(entity), ...this.#placeColumns()].join(', ')}`;
  }

  /** The rows behind a place, in order; none, or one without a value, is before all. Rows without a value are never found. */
  after(place: Place | null): Statement {
    const parameters: unknown[] = [];
    const take = (value: unknown): string => (parameters.push(value), this.#isPostgres ? `$${parameters.length}` : '?');
    const where = place === null || place.value === null ? `${this.#column} IS NOT NULL` : this.#behind(place, take);
    return {
      sql: `${this.#select} ${this.#from} WHERE ${where}${this.#own} ORDER BY ${this.#order('ASC')} LIMIT ${BATCH}`,
      parameters,
    };
  }

  /** The last row of all. */
  last(): Statement {
    const where = `${this.#column} IS NOT NULL${this.#own}`;
    return {
      sql: `${this.#select} ${this.#from} WHERE ${where} ORDER BY ${this.#order('DESC')} LIMIT 1`,
      parameters: [],
    };
  }

  /** Where a row stands. */
  placeOf(row: RawRow): Required<Place> {
    return { value: row[VALUE], keys: this.#keys.map((_, index) => row[`${KEY}${index}`]) };
  }

  /** What the application sees of a row. */
  rowOf(row: RawRow): TableRow {
    return Object.fromEntries(Object.entries(row).filter(([name]) => name !== VALUE && !name.startsWith(KEY)));
  }

  /** `a >= v AND (a > v OR (a = v AND (k > w)))`: the first half is for the index of the column alone. */
  #behind({ value, keys }: Place, take: (value: unknown) => string): string {
    if (keys === undefined) return `${this.#column} >= ${take(value)}`;
    const columns = [this.#column, ...this.#keys];
    const values = [value, ...keys];
    const behind = (at: number): string => {
      const isLast = at === columns.length - 1;
      const larger = `${columns[at]} > ${take(values[at])}`;
      return isLast ? larger : `${larger} OR (${columns[at]} = ${take(values[at])} AND (${behind(at + 1)}))`;
    };
    return `${this.#column} >= ${take(value)} AND (${behind(0)})`;
  }

  #order(direction: 'ASC' | 'DESC'): string {
    return [this.#column, ...this.#keys].map((column) => `${column} ${direction}`).join(', ');
  }

  /** SQLite keeps what it was given, and gives it back: as text a number would lose digits. */
  #placeColumns(): string[] {
    const exact = (column: string): string => (this.#isPostgres ? `(${column})::text` : column);
    return [
      `${exact(this.#column)} AS ${quoted(VALUE)}`,
      ...this.#keys.map((column, index) => `${exact(column)} AS ${quoted(`${KEY}${index}`)}`),
    ];
  }
}

function entityOf(dataSource: TableDatabase, entity: AnyClass): EntityTable {
  requireOpen(dataSource);
  return dataSource.getMetadata(entity as never);
}
