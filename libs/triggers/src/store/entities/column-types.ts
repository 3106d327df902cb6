import { EntitySchema } from 'typeorm';
import type { ColumnType, EntitySchemaColumnOptions } from 'typeorm';
import { toDate } from '../dialects/batch.js';

/** How the databases call the few types that we use. Instants are ISO text on SQLite and `timestamptz` on Postgres. */
const TYPES: Readonly<
  Record<'sqlite' | 'postgres', Readonly<Record<'instant' | 'bytes' | 'bool' | 'float' | 'count', ColumnType>>>
> = {
  sqlite: { instant: 'text', bytes: 'blob', bool: 'boolean', float: 'real', count: 'integer' },
  postgres: { instant: 'timestamptz', bytes: 'bytea', bool: 'bool', float: 'float8', count: 'int8' },
};

/** The kinds of columns that our tables have. */
export type ColumnKinds = Readonly<
  Record<
    'key' | 'text' | 'maybe' | 'int' | 'count' | 'maybeCount' | 'bool' | 'maybeBool' | 'float' | 'bytes' | 'instant',
    EntitySchemaColumnOptions
  >
>;

/** The columns of an entity, one for each property of its row. */
export type Columns<Row> = { readonly [K in keyof Row]-?: EntitySchemaColumnOptions };

/** The kinds of columns on a database. */
export function columnKinds(dialect: 'sqlite' | 'postgres'): ColumnKinds {
  const types = TYPES[dialect];
  const same = (value: unknown): unknown => value;
  return {
    key: { type: 'text', primary: true },
    text: { type: 'text' },
    maybe: { type: 'text', nullable: true },
    int: { type: 'integer' },
    count: { type: types.count, transformer: { to: same, from: Number } },
    maybeCount: { type: types.count, nullable: true, transformer: { to: same, from: numberOrNull } },
    bool: { type: types.bool },
    maybeBool: { type: types.bool, nullable: true },
    float: { type: types.float, nullable: true },
    bytes: { type: types.bytes, nullable: true },
    instant: {
      type: types.instant,
      nullable: true,
      transformer: { to: dialect === 'sqlite' ? toIso : same, from: toDate },
    },
  };
}

/** The column name of a property: `createdAt` → `created_at`. */
export function columnName(property: string): string {
  return property.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Describes one table to TypeORM. */
export function entity<Row>(table: string, columns: Columns<Row>): EntitySchema<Row> {
  const named = Object.entries<EntitySchemaColumnOptions>(columns).map(
    ([property, column]) => [property, { ...column, name: columnName(property) }] as const,
  );
  return new EntitySchema<Row>({
    name: table,
    tableName: table,
    columns: Object.fromEntries(named) as Record<keyof Row & string, EntitySchemaColumnOptions> as never,
  });
}

function toIso(value: unknown): unknown {
  return value instanceof Date ? value.toISOString() : value;
}

function numberOrNull(value: unknown): number | null {
  return value === null ? null : Number(value);
}
