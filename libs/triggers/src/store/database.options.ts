import { parseDuration } from '../model/duration.js';
import type { Duration } from '../model/duration.js';
import { TriggersError } from '../model/errors.js';

/** The embedded database: one file, one machine. Needs the package `better-sqlite3`. */
export interface SqliteDatabaseOptions {
  readonly type: 'sqlite';
  /** The file, or `':memory:'` for tests. Its folder must exist. @default './triggers.db' */
  readonly path?: string;
}

/** A Postgres server, for several machines. Needs the package `pg`. */
export interface PostgresDatabaseOptions {
  readonly type: 'postgres';
  /** `postgres://user:password@host:port/database`. The module opens its own small pool. */
  readonly url: string;
  /** The schema that holds our tables; it must exist. @default 'public' */
  readonly schema?: string;
  /** TLS options, handed to `pg`. @default none */
  readonly ssl?: boolean | object;
  /** Connections of this process, at least 3: one commits, one hears notices, the others read. @default 5 */
  readonly poolSize?: number;
}

/** Where the ledger lives. */
export type DatabaseOptions = (SqliteDatabaseOptions | PostgresDatabaseOptions) & {
  /** How long a commit waits for the database before `fire()` answers "unavailable". @default '5s' */
  readonly commitDeadline?: Duration;
};

/** {@link DatabaseOptions} with nothing left open. */
export type ResolvedDatabaseOptions = { readonly commitDeadlineMs: number } & (
  | { readonly type: 'sqlite'; readonly path: string }
  | {
      readonly type: 'postgres';
      readonly url: string;
      readonly schema: string;
      readonly ssl: boolean | object;
      readonly poolSize: number;
    }
);

/** The defaults of {@link DatabaseOptions}. */
export const DEFAULT_DATABASE_OPTIONS = {
  path: './triggers.db',
  schema: 'public',
  ssl: false,
  poolSize: 5,
  commitDeadline: '5s',
} as const;

/**
 * Checks the options of the database and fills in the defaults. Nothing given means `./triggers.db`.
 *
 * @throws TRG_DEF_INVALID_OPTION
 */
export function resolveDatabaseOptions(options: DatabaseOptions | undefined): ResolvedDatabaseOptions {
  const given = options ?? { type: 'sqlite' };
  const commitDeadlineMs = parseDuration(
    given.commitDeadline ?? DEFAULT_DATABASE_OPTIONS.commitDeadline,
    'Option "database.commitDeadline"',
  );
  switch (given.type) {
    case 'sqlite':
      return { type: 'sqlite', path: required(given.path ?? DEFAULT_DATABASE_OPTIONS.path, 'path'), commitDeadlineMs };
    case 'postgres':
      return {
        type: 'postgres',
        url: postgresUrl(given.url),
        schema: schemaName(given.schema ?? DEFAULT_DATABASE_OPTIONS.schema),
        ssl: given.ssl ?? DEFAULT_DATABASE_OPTIONS.ssl,
        poolSize: poolSize(given.poolSize ?? DEFAULT_DATABASE_OPTIONS.poolSize),
        commitDeadlineMs,
      };
    default:
      throw refuse('type', `is ${JSON.stringify((given as { type: unknown }).type)}; use "sqlite" or "postgres"`);
  }
}

/**
 * The options that one text stands for: a `postgres://` URL or the path of a SQLite file. For programs that take the
 * database from an environment variable.
 *
 * @example databaseFrom(process.env.TRIGGERS_DATABASE)
 */
export function databaseFrom(text: string | undefined): DatabaseOptions {
  if (text === undefined || text === '') return { type: 'sqlite' };
  return /^postgres(ql)?:\/\//.test(text) ? { type: 'postgres', url: text } : { type: 'sqlite', path: text };
}

function postgresUrl(url: unknown): string {
  const text = required(url, 'url');
  if (!/^postgres(ql)?:\/\//.test(text) || !URL.canParse(text)) {
    throw refuse('url', 'is no URL of the form postgres://user:password@host:5432/database');
  }
  return text;
}

function schemaName(schema: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(schema))
    throw refuse('schema', `is "${schema}"; use letters, digits and _`);
  return schema;
}

function poolSize(size: number): number {
  if (!Number.isInteger(size) || size < 3) throw refuse('poolSize', `is ${size}; use a whole number from 3 on`);
  return size;
}

function required(value: unknown, name: string): string {
  if (typeof value !== 'string' || value === '') throw refuse(name, 'is empty');
  return value;
}

function refuse(name: string, problem: string): TriggersError {
  return new TriggersError('TRG_DEF_INVALID_OPTION', `Option "database.${name}" ${problem}.`);
}
