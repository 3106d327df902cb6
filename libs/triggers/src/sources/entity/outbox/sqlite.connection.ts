import { resolve } from 'node:path';
import type { DataSource } from 'typeorm';
import type { Clock } from '../../../model/clock.js';

interface Statement {
  all(...parameters: readonly unknown[]): Readonly<Record<string, unknown>>[];
  run(...parameters: readonly unknown[]): { readonly changes: number };
}

/** As much of better-sqlite3 as is used. */
export interface SqliteConnection {
  readonly name: string;
  readonly memory: boolean;
  readonly open: boolean;
  readonly inTransaction: boolean;
  prepare(sql: string): Statement;
  exec(sql: string): void;
  pragma(text: string, options?: { readonly simple: true }): unknown;
  close(): void;
}

interface Driver {
  readonly databaseConnection: SqliteConnection;
  readonly sqlite: new (path: string, options: object) => SqliteConnection;
  readonly options: { readonly nativeBinding?: string; readonly key?: string };
}

const PAUSES_MS = [5, 10, 20, 50] as const;

/** The connection of the application. */
export function connectionOf(source: DataSource): SqliteConnection {
  return driverOf(source).databaseConnection;
}

/** A connection that only reads and never waits; made by the driver that the application uses, so that both know of each other's locks. */
export function openReader(source: DataSource): SqliteConnection {
  const { sqlite, options, databaseConnection } = driverOf(source);
  const { nativeBinding = null, key } = options;
  const reader = new sqlite(resolve(databaseConnection.name), { readonly: true, timeout: 0, nativeBinding });
  if (key !== undefined) reader.pragma(`key = ${JSON.stringify(key)}`);
  return reader;
}

/**
 * Writes by the connection of the application, in one transaction and without an await inside. While a transaction of the
 * application is open there, or another process writes, it waits; the event loop does not.
 *
 * @param isOver asked before each try; `true` gives up, and nothing was written
 * @returns whether it was written
 */
export async function writeBetween(
  source: DataSource,
  work: (db: SqliteConnection) => void,
  clock: Clock,
  isOver: () => boolean,
): Promise<boolean> {
  for (let attempt = 0; !isOver(); attempt += 1) {
    const db = connectionOf(source);
    if (!db.open) return false;
    if (!db.inTransaction && isWritten(db, work)) return true;
    const delayMs = PAUSES_MS[Math.min(attempt, PAUSES_MS.length - 1)] as number;
    await new Promise<void>((wake) => clock.setTimer(wake, delayMs));
  }
  return false;
}

/** What waits for a lock stops the event loop: for this moment the connection does not wait. */
function isWritten(db: SqliteConnection, work: (db: SqliteConnection) => void): boolean {
  const patienceMs = Number(db.pragma('busy_timeout', { simple: true }));
  try {
    db.pragma('busy_timeout = 0');
    db.exec('BEGIN IMMEDIATE');
    work(db);
    db.exec('COMMIT');
    return true;
  } catch (error) {
    if (db.inTransaction) db.exec('ROLLBACK');
    if (isBusy(error)) return false;
    throw error;
  } finally {
    db.pragma(`busy_timeout = ${patienceMs}`);
  }
}

/** Somebody else has the database, or the application reads a stream from it just now. */
export function isBusy(error: unknown): boolean {
  const { code, message } = (error ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  if (typeof code === 'string' && /^SQLITE_(BUSY|LOCKED)/.test(code)) return true;
  return error instanceof TypeError && typeof message === 'string' && message.includes('busy executing');
}

function driverOf(source: DataSource): Driver {
  return source.driver as unknown as Driver;
}
