import type { EntityMetadata, ObjectLiteral } from 'typeorm';
import { isPlainObject } from '../../../model/json.js';
import { exactNumbers } from './exact-numbers.js';

type ColumnMetadata = EntityMetadata['columns'][number];

/** A row as the outbox has it: JSON, by the names of the database. */
export type RawRow = Readonly<Record<string, unknown>>;

/** Types whose values Postgres gives as text, because JavaScript has no number for them. */
const TEXT_NUMBERS: ReadonlySet<unknown> = new Set(['bigint', 'int8', 'numeric', 'decimal', 'money']);
const JSON_TYPES: ReadonlySet<unknown> = new Set(['json', 'jsonb']);
const BYTES: ReadonlySet<unknown> = new Set(['blob', 'bytea']);

/** Reads the JSON of a row. A number that JavaScript would round stays a text. @throws SyntaxError */
export function readRow(json: string, { columns }: EntityMetadata): RawRow {
  const row: unknown = JSON.parse(json);
  if (!isPlainObject(row)) throw new SyntaxError('The row is no JSON object.');
  const exact = exactNumbers(json);
  if (exact.size === 0) return row;
  const rounded = columns.filter(({ databaseName, type }) => {
    const value = row[databaseName];
    if (!exact.has(databaseName) || JSON_TYPES.has(type)) return false;
    return TEXT_NUMBERS.has(type) || (Number.isInteger(value) && !Number.isSafeInteger(value));
  });
  return { ...row, ...Object.fromEntries(rounded.map(({ databaseName: name }) => [name, exact.get(name)])) };
}

/** Only what an author may see: columns that nobody selects by default are nobody's business. */
export function visible({ columns }: EntityMetadata, row: RawRow): RawRow {
  const shown = columns.filter(({ isSelect, databaseName }) => isSelect && databaseName in row);
  return Object.fromEntries(shown.map(({ databaseName }) => [databaseName, row[databaseName]]));
}

/** A row as the entity has it: by the names of its properties, with values as TypeORM would have read them. */
export function entityOf(metadata: EntityMetadata, row: RawRow): ObjectLiteral {
  const entity: Record<string, unknown> = {};
  for (const column of metadata.columns) {
    const raw = row[column.databaseName];
    if (raw === undefined || !column.isSelect) continue;
    const value = valueOf(column, raw, metadata);
    lay(column.createValueMap(column.isVirtual ? referenceTo(column, value) : value), entity);
  }
  return entity;
}

/** Of a relation the key is known, and nothing else. */
function referenceTo({ referencedColumn }: ColumnMetadata, value: unknown): unknown {
  if (referencedColumn === undefined || value === null) return value;
  return referencedColumn.createValueMap(value);
}

function valueOf(column: ColumnMetadata, raw: unknown, { dataSource }: EntityMetadata): unknown {
  const value = raw === null ? null : driverValue(column, raw, dataSource.options.type === 'postgres');
  return dataSource.driver.prepareHydratedValue(value, column) as unknown;
}

/** What the driver would have read instead of the JSON. */
function driverValue({ type, isArray }: ColumnMetadata, raw: unknown, isPostgres: boolean): unknown {
  if (BYTES.has(type) && typeof raw === 'string') return Buffer.from(raw.replace(/^\\x/, ''), 'hex');
  if (!isPostgres) return raw;
  if (TEXT_NUMBERS.has(type) && typeof raw === 'number') return String(raw);
  // TypeORM takes these apart by itself.
  return Array.isArray(raw) && isArray && (type === 'enum' || type === 'simple-enum') ? arrayText(raw) : raw;
}

function arrayText(values: readonly unknown[]): string {
  return `{${values.map((value) => `"${String(value).replace(/[\\"]/g, '\\$&')}"`).join(',')}}`;
}

function lay(values: ObjectLiteral, entity: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(values) as [string, unknown][]) {
    const present = entity[name];
    if (isPlainObject(present) && isPlainObject(value)) lay(value, present);
    else entity[name] = value;
  }
}
