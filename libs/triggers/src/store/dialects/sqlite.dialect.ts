import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type BetterSqlite3 from 'better-sqlite3';
import { DataSource } from 'typeorm';
import type { EntitySchema, MixedList } from 'typeorm';
import type { Clock } from '../../model/clock.js';
import { TriggersError, isTriggersError } from '../../model/errors.js';
import { errorMessage } from '../../model/text.js';
import type { Batch, Rows, Work } from './batch.js';
import { whileBusy } from './busy.js';
import { TransactionFailure } from './dialect.js';
import type { Dialect, StoreTrouble } from './dialect.js';
import { loadDriver } from './driver.js';
import { OwnerLock } from './owner-lock.js';
import { SameFile } from './same-file.js';
import { SqliteNotices } from './sqlite.notices.js';
import { SqliteStatements } from './sqlite.statements.js';

/**
 * SQLite in WAL mode with `synchronous = FULL`. better-sqlite3 is synchronous and we never await between BEGIN and
 * COMMIT, so no other code of this process runs inside a transaction. `busy_timeout` is 0: waiting for another process
 * happens asynchronously, a busy wait would stop the event loop. Readers have a connection of their own.
 */
export class SqliteDialect implements Dialect {
  readonly type = 'sqlite';
  writer!: DataSource;
  reader!: DataSource;
  readonly ownershipFile: string | null;
  readonly notices = new SqliteNotices(() => connectionOf(this.writer));
  readonly #path: string;
  #driver!: typeof BetterSqlite3;
  readonly #writing = new SqliteStatements();
  readonly #reading = new SqliteStatements();
  readonly #owner: OwnerLock | null;
  #file: SameFile | null = null;

  constructor(
    path: string,
    private readonly entities: MixedList<EntitySchema>,
    private readonly clock: Clock,
  ) {
    this.#path = path === ':memory:' ? path : resolve(path);
    this.#owner = path === ':memory:' ? null : new OwnerLock(`${this.#path}.owner`, () => this.#driver);
    this.ownershipFile = this.#owner?.path ?? null;
  }

  async open(): Promise<void> {
    this.#driver = (await loadDriver('better-sqlite3')) as typeof BetterSqlite3;
    this.#checkPath();
    this.writer = await whileBusy(() => this.#connect(false));
    this.reader = this.#path === ':memory:' ? this.writer : await whileBusy(() => this.#connect(true));
    this.#file = this.#path === ':memory:' ? null : new SameFile(this.#path);
  }

  async close(): Promise<void> {
    this.#writing.clear();
    this.#reading.clear();
    if (this.reader?.isInitialized && this.reader !== this.writer) await this.reader.destroy();
    if (this.writer?.isInitialized) await this.writer.destroy();
    this.releaseOwnership();
  }

  async exclusively(migrate: () => Promise<void>): Promise<void> {
    const db = connectionOf(this.writer);
    try {
      db.exec('BEGIN IMMEDIATE');
      await migrate();
      db.exec('COMMIT');
    } catch (error) {
      if (db.inTransaction) db.exec('ROLLBACK');
      if (troubleOf(error) === 'busy') throw new TransactionFailure('busy', 'rolledBack', error);
      throw this.#explain(error);
    }
  }

  async transaction<R>(work: () => Work<R>): Promise<R> {
    const db = connectionOf(this.writer);
    try {
      db.exec('BEGIN IMMEDIATE');
      const unit = work();
      let next = unit.next();
      while (next.done !== true) {
        const { batch, rows, heard, ahead } = next.value;
        const answer = this.#writing.execute(db, batch, rows, this.clock.now());
        heard?.(answer as Rows);
        // Nobody else writes before this commits.
        if (ahead !== undefined) ahead.found = answer as Rows;
        next = unit.next(answer);
      }
      this.#file?.require();
      db.exec('COMMIT');
      return next.value;
    } catch (error) {
      if (db.open && db.inTransaction) db.exec('ROLLBACK');
      throw new TransactionFailure(troubleOf(error), 'rolledBack', error);
    }
  }

  async read(batch: Batch, rows: readonly (readonly unknown[])[]): Promise<Rows> {
    return this.#reading.execute(connectionOf(this.reader), batch, rows, this.clock.now()) as Rows;
  }

  acquireOwnership(): boolean {
    return this.#owner?.acquire() ?? true;
  }

  releaseOwnership(): void {
    this.#owner?.release();
  }

  async #connect(readonly: boolean): Promise<DataSource> {
    const source = new DataSource({
      type: 'better-sqlite3',
      driver: this.#driver,
      database: this.#path,
      readonly,
      timeout: 0,
      entities: this.entities,
      synchronize: false,
      migrationsTableName: 'triggers_migrations',
      prepareDatabase: (db: BetterSqlite3.Database) => {
        if (readonly) return;
        db.pragma('journal_mode = WAL');
        db.pragma('synchronous = FULL');
        db.pragma('wal_autocheckpoint = 10000');
      },
    });
    try {
      return await source.initialize();
    } catch (error) {
      // The switch to WAL needs the file alone for a moment.
      if (troubleOf(error) === 'busy') throw new TransactionFailure('busy', 'rolledBack', error);
      throw this.#explain(error);
    }
  }

  #checkPath(): void {
    if (this.#path === ':memory:') return;
    const folder = dirname(this.#path);
    if (!existsSync(folder) || !statSync(folder).isDirectory()) {
      throw new TriggersError(
        'TRG_STORE_PATH',
        `The folder "${folder}" of the database does not exist. Create it, or set "database.path".`,
      );
    }
    if (existsSync(this.#path) && statSync(this.#path).isDirectory()) {
      throw new TriggersError('TRG_STORE_PATH', `"${this.#path}" is a folder. Set "database.path" to a file.`);
    }
    const writes = existsSync(this.#path) ? [this.#path, folder] : [folder];
    for (const path of writes) {
      try {
        accessSync(path, constants.W_OK);
        if (path === this.#path && (statSync(path).mode & 0o222) === 0) throw new Error('read-only file');
      } catch (error) {
        throw readOnly(path, error);
      }
    }
  }

  #explain(error: unknown): unknown {
    const code = codeOf(error);
    if (code.startsWith('SQLITE_READONLY')) return readOnly(this.#path, error);
    if (code.startsWith('SQLITE_NOTADB') || code.startsWith('SQLITE_CORRUPT')) {
      return new TriggersError(
        'TRG_STORE_CORRUPT',
        `"${this.#path}" is damaged or no SQLite database (${errorMessage(error)}). Restore a backup, or move the file away to start empty.`,
        { cause: error },
      );
    }
    return error;
  }
}

function readOnly(path: string, cause: unknown): TriggersError {
  return new TriggersError(
    'TRG_STORE_READ_ONLY',
    `"${path}" cannot be written. Give this user the right to write it.`,
    { cause },
  );
}

function connectionOf(source: DataSource): BetterSqlite3.Database {
  return (source.driver as unknown as { databaseConnection: BetterSqlite3.Database }).databaseConnection;
}

function codeOf(error: unknown): string {
  const code: unknown = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : '';
}

function troubleOf(error: unknown): StoreTrouble {
  if (error instanceof TransactionFailure) return error.trouble;
  if (isTriggersError(error, 'TRG_STORE_UNAVAILABLE')) return 'away';
  const code = codeOf(error);
  if (code.startsWith('SQLITE_BUSY')) return 'busy';
  if (/^SQLITE_(FULL|IOERR|CANTOPEN|READONLY|CORRUPT|NOTADB|NOMEM|PROTOCOL)/.test(code)) return 'away';
  return 'item';
}
