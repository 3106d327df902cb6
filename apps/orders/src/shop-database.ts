import type { DataSourceOptions } from 'typeorm';

/** What TypeORM needs to reach the database of the shop. @param database a `postgres://` URL or the path of a SQLite file */
export function shopDatabase(database: string): DataSourceOptions {
  if (/^postgres(ql)?:/.test(database)) return { type: 'postgres', url: database, connectTimeoutMS: 10_000 };
  return { type: 'better-sqlite3', database, enableWAL: true };
}
