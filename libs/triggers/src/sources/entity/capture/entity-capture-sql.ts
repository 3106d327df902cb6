import type { DataSource } from 'typeorm';
import type { AnyClass } from '../../../discovery/metadata.js';
import { methodMetadata } from '../../../discovery/metadata.js';
import { columnsOf } from '../entity-columns.js';
import { ENTITY_TRIGGER } from '../entity-trigger.decorator.js';
import type { EntityTriggerOptions } from '../entity-trigger.options.js';
import { schemaOf } from '../outbox/postgres.connection.js';
import { postgresCapture } from './postgres.capture.js';
import { sqliteCapture } from './sqlite.capture.js';
import { watchedTables } from './watched-table.js';
import type { Watch } from './watched-table.js';

/**
 * What has to be run in the database of a DataSource so that the entity triggers on these classes capture what they watch: for
 * a migration of yours, or for whoever may make triggers where the application may not. Where it has been run, the application
 * changes nothing at its start.
 *
 * @param dataSource an initialized one, of SQLite or Postgres
 * @param classes the providers that carry `@EntityTrigger`; entities that the DataSource does not know are left out
 * @throws TRG_DEF_INVALID_OPTION for a column that its entity has not
 * @example for (const sql of entityCaptureSql(dataSource, [UserTriggers])) console.log(`${sql};`);
 */
export function entityCaptureSql(dataSource: DataSource, classes: readonly AnyClass[]): readonly string[] {
  const options = classes.flatMap(optionsOf).filter(({ entity }) => dataSource.hasMetadata(entity));
  const tables = watchedTables(options.map((one) => watchOf(dataSource, one)));
  const isPostgres = dataSource.options.type === 'postgres';
  const { prepare, triggers } = isPostgres ? postgresCapture(tables, schemaOf(dataSource)) : sqliteCapture(tables);
  return [...prepare, ...triggers.map(({ create }) => create)];
}

function optionsOf({ prototype, name }: AnyClass): readonly EntityTriggerOptions[] {
  const methods = new Set<string>();
  for (let level = prototype as object | null; level !== null; level = Object.getPrototypeOf(level) as object | null)
    for (const method of Object.getOwnPropertyNames(level)) methods.add(method);
  const found = [...methods].flatMap((method) => methodMetadata(ENTITY_TRIGGER, prototype as object, method));
  return found.map((options) => ({ ...options, name: options.name ?? name }));
}

function watchOf(dataSource: DataSource, { entity, on, columns, name }: EntityTriggerOptions): Watch {
  const metadata = dataSource.getMetadata(entity);
  return { metadata, on, columns: columnsOf(metadata, columns, `Entity trigger "${name}"`) };
}
