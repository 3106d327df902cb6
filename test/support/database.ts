import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import type { DatabaseOptions } from 'nestjs-triggers';
import pg from 'pg';

export const DIALECTS = ['sqlite', 'postgres'] as const;
export type DialectName = (typeof DIALECTS)[number];

/** A database of one test: a file in a folder of its own, or a schema of its own. */
export interface TestDatabase {
  readonly type: DialectName;
  readonly options: DatabaseOptions;
  /** The text of `databaseFrom`, and the schema, for child processes. */
  readonly environment: Readonly<Record<string, string>>;
  /** Reads or changes it from outside, by plain SQL. */
  query(sql: string): Promise<Record<string, unknown>[]>;
  /** Whether anything of ours is there. */
  hasTables(): Promise<boolean>;
  remove(): Promise<void>;
}

const open: TestDatabase[] = [];

/** A new, empty database. {@link removeDatabases} takes it away. @param server another Postgres than that of the test run */
export async function newDatabase(type: DialectName, server?: string): Promise<TestDatabase> {
  const database = type === 'sqlite' ? sqlite() : await postgres(server ?? postgresUrl());
  open.push(database);
  return database;
}

export async function removeDatabases(): Promise<void> {
  for (const database of open.splice(0)) await database.remove();
}

/** Where the Postgres of the test run is. */
export function postgresUrl(): string {
  const url = process.env['TEST_POSTGRES_URL'];
  if (url === undefined) throw new Error('TEST_POSTGRES_URL is missing: jest.config.mjs starts the server.');
  return url;
}

function sqlite(): TestDatabase {
  const folder = mkdtempSync(join(tmpdir(), 'nestjs-triggers-e2e-'));
  return {
    ...databaseAt(join(folder, 'triggers.db')),
    remove: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A database in a file whose folder belongs to the test, which takes it away. */
export function databaseAt(path: string): TestDatabase {
  return {
    type: 'sqlite',
    options: { type: 'sqlite', path },
    environment: { DATABASE: path },
    query: async (sql) => {
      const file = new Sqlite(path, { timeout: 5_000 });
      try {
        const statement = file.prepare(sql);
        if (statement.reader) return statement.all() as Record<string, unknown>[];
        statement.run();
        return [];
      } finally {
        file.close();
      }
    },
    hasTables: async () => existsSync(path),
    remove: async () => undefined,
  };
}

async function postgres(url: string): Promise<TestDatabase> {
  const schema = `e2e_${randomBytes(6).toString('hex')}`;
  // One connection, and a new one when the server of a test has crashed.
  const client = new pg.Pool({
    connectionString: url,
    options: `-c search_path=${schema}`,
    max: 1,
    idleTimeoutMillis: 0,
  });
  client.on('error', () => undefined);
  await client.query(`CREATE SCHEMA ${schema}`);
  const query = async (sql: string): Promise<Record<string, unknown>[]> =>
    (await client.query<Record<string, unknown>>(sql)).rows;
  return {
    type: 'postgres',
    options: { type: 'postgres', url, schema },
    environment: { DATABASE: url, SCHEMA: schema },
    query,
    hasTables: async () =>
      (await query(`SELECT 1 FROM information_schema.tables WHERE table_schema = '${schema}'`)).length > 0,
    remove: async () => {
      await client.query(`DROP SCHEMA ${schema} CASCADE`);
      await client.end();
    },
  };
}
