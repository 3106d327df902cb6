import { dirname, join } from 'node:path';
import { DataSource } from 'typeorm';
import type { DataSourceOptions } from 'typeorm';
import { databaseAt } from './database.js';
import type { TestDatabase } from './database.js';

type Entities = NonNullable<DataSourceOptions['entities']>;

/** Where an application of a test has its own tables: a file beside that of the module, or another schema of the same server. */
export function applicationDatabase(of: TestDatabase): TestDatabase {
  return of.options.type === 'postgres' ? of : databaseAt(join(dirname(of.options.path as string), 'application.db'));
}

/** The options of TypeORM for such a database. */
export function typeormOptions(database: TestDatabase, entities: Entities, more: object = {}): DataSourceOptions {
  const { options } = database;
  const common = { entities, synchronize: true, ...more };
  if (options.type === 'postgres')
    return { type: 'postgres', url: options.url, schema: options.schema as string, ...common };
  return { type: 'better-sqlite3', database: options.path as string, ...common };
}

/** A DataSource that is initialized. Whoever asks for it destroys it. */
export function openDataSource(database: TestDatabase, entities: Entities, more: object = {}): Promise<DataSource> {
  return new DataSource(typeormOptions(database, entities, more)).initialize();
}
