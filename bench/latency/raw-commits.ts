import type { DatabaseOptions } from 'nestjs-triggers';
import type { RawCommits } from './fresh-rows.js';
import { rawCommitsOnPostgres } from './raw-commits.postgres.js';
import { rawCommitsOnSqlite } from './raw-commits.sqlite.js';

/** @param source a ledger with at least one execution: its schema and the rows of its first firing are copied */
export async function openRawCommits(source: DatabaseOptions, folder: string): Promise<RawCommits> {
  return source.type === 'postgres'
    ? rawCommitsOnPostgres(source.url)
    : rawCommitsOnSqlite(source.path ?? './triggers.db', folder);
}
