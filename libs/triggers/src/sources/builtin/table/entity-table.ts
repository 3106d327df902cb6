import { TriggersError } from '../../../model/errors.js';

/** What is needed of a column of an entity. */
export interface EntityColumn {
  readonly propertyPath: string;
  readonly databaseName: string;
  /** `false`: `select: false` of the entity. */
  readonly isSelect: boolean;
  /** Computed by a query of its own: the table has no such column. */
  readonly isVirtualProperty: boolean;
}

/** What is needed of an entity. */
export interface EntityTable {
  readonly tableName: string;
  readonly schema?: string | undefined;
  readonly columns: readonly EntityColumn[];
  readonly primaryColumns: readonly EntityColumn[];
  /** `entity-child`: it shares the table with other entities. */
  readonly tableType: string;
  /** Says which entity a row of a shared table is. */
  readonly discriminatorColumn?: EntityColumn | undefined;
  readonly discriminatorValue?: string | undefined;
  /** Entities that extend it, in the same table. */
  readonly childEntityMetadatas: readonly EntityTable[];
}

/** A name as SQL writes it. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** What is read of the table `t`: all of it, or what the entity shows under its own names. */
export function columnsOf(entity: EntityTable | null): string[] {
  if (entity === null) return ['t.*'];
  return stored(entity)
    .filter(({ isSelect }) => isSelect)
    .map(({ databaseName, propertyPath }) => `t.${quoted(databaseName)} AS ${quoted(propertyPath)}`);
}

function stored({ columns }: EntityTable): readonly EntityColumn[] {
  return columns.filter(({ isVirtualProperty }) => !isVirtualProperty);
}

/** A condition where entities share a table: only the rows of this one and of what extends it. */
export function ownRows(entity: EntityTable): string {
  const { tableType, discriminatorColumn } = entity;
  if (tableType !== 'entity-child' || discriminatorColumn === undefined) return '';
  return ` AND t.${quoted(discriminatorColumn.databaseName)} IN (${kindsOf(entity).map(literal).join(', ')})`;
}

function kindsOf({ discriminatorValue, childEntityMetadatas }: EntityTable): string[] {
  return [String(discriminatorValue), ...childEntityMetadatas.flatMap(kindsOf)];
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** The column of a property, or of a name. @throws TRG_POLL_SOURCE for one that the entity does not have */
export function columnOf(entity: EntityTable, name: string): string {
  const columns = stored(entity);
  const found =
    columns.find(({ propertyPath }) => propertyPath === name) ??
    columns.find(({ databaseName }) => databaseName === name);
  if (found !== undefined) return found.databaseName;
  const known = columns.map(({ propertyPath }) => `"${propertyPath}"`).join(', ');
  throw new TriggersError(
    'TRG_POLL_SOURCE',
    `The entity of the table "${entity.tableName}" has no column "${name}". Known: ${known}.`,
  );
}
