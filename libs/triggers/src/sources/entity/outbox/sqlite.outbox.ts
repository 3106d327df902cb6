import { Logger } from '@nestjs/common';
import type { DataSource, QueryRunner } from 'typeorm';
import type { Clock } from '../../../model/clock.js';
import { TriggersError } from '../../../model/errors.js';
import { Wakeups } from '../../../model/timers.js';
import type { TimerRegistry } from '../../../model/timer-registry.js';
import { CAPTURE, OUTBOX, changesOf, quoted } from '../capture/capture-sql.js';
import type { CaptureSql, InstallReach } from '../capture/capture-sql.js';
import { sqliteCapture } from '../capture/sqlite.capture.js';
import type { WatchedTable } from '../capture/watched-table.js';
import { noteCauses } from './cause.subscriber.js';
import { noCapture } from './no-capture.js';
import { UNWATCHED_MS, readRows, rowOf } from './outbox.js';
import type { AddedRow, FireRows, Installed, Outbox, OutboxManager, OutboxRow, Relayed } from './outbox.js';
import { connectionOf, isBusy, openReader, writeBetween } from './sqlite.connection.js';
import type { SqliteConnection } from './sqlite.connection.js';

/** How often the file is asked whether anybody has written; that reads one number. */
const LOOK_EVERY_MS = 50;
/** How long the application may keep the database from us while it starts. */
const INSTALL_PATIENCE_MS = 30_000;
/** How long it may keep the database from us while it runs, without a word. */
const RELAY_PATIENCE_MS = 10_000;

const ENTITIES = 'entity IN (SELECT value FROM json_each(?))';

/**
 * The outbox in a SQLite file. It is read by a connection of its own, because that of the application would show what is not
 * committed; it is written by that of the application, between its transactions, because a second writer could make them fail.
 */
export class SqliteOutbox implements Outbox {
  readonly #logger = new Logger('triggers');
  #reader: SqliteConnection | null = null;
  #version: unknown;
  #tables: unknown;
  #closed = false;
  readonly #looks: Wakeups;

  constructor(
    private readonly source: DataSource,
    readonly label: string,
    private readonly clock: Clock,
    timers: TimerRegistry,
  ) {
    this.#looks = new Wakeups(clock, 'triggers:outbox', timers);
  }

  captureOf(tables: readonly WatchedTable[]): CaptureSql {
    return sqliteCapture(tables);
  }

  /** Before the commit, because a note at the start would make a writer of every transaction. */
  noteCauses(): void {
    noteCauses(this.source, 'commit', (runner, cause) => this.#note(runner, cause));
  }

  async install(tables: readonly WatchedTable[], reach: InstallReach): Promise<Installed> {
    const db = connectionOf(this.source);
    const present = new Set(masters(db, 'table').map(({ name }) => name));
    const { prepare, triggers } = this.captureOf(tables.filter(({ name }) => present.has(name)));
    const installed = masters(db, 'trigger').filter(({ name }) => name.startsWith(CAPTURE));
    const { missing, stale } = changesOf(
      triggers,
      installed.map(({ name, table }) => ({ name, table: quoted(table) })),
      reach,
    );
    const statements = [
      ...(present.has(OUTBOX) ? [] : prepare),
      ...stale.map(({ name }) => `DROP TRIGGER IF EXISTS ${quoted(name)}`),
      ...missing.map(({ create }) => create),
    ];
    if (statements.length > 0) await this.#run(statements);
    const absent = tables.filter(({ name }) => !present.has(name)).map(({ path }) => path);
    return { absent, wasGone: installed.length > 0 && !present.has(OUTBOX) };
  }

  listen(wake: (tablesChanged: boolean) => void): void {
    this.#closed = false;
    this.#looks.after(LOOK_EVERY_MS, () => {
      this.#look(wake);
      if (!this.#closed) this.listen(wake);
    });
  }

  async relay(entities: readonly string[], fire: FireRows): Promise<Relayed> {
    const rows = this.#read(entities);
    if (rows === null) return { status: 'elsewhere' };
    if (rows.length === 0) return { status: 'relayed', rows: 0 };
    const settled = new Set(await fire(rows));
    const gone = rows.filter(({ id }) => settled.has(id));
    await this.#delete(gone);
    return { status: 'relayed', rows: gone.length };
  }

  async forget(entities: readonly string[]): Promise<number> {
    const before = new Date(this.clock.now() - UNWATCHED_MS).toISOString();
    let forgotten = 0;
    const sql = `DELETE FROM ${quoted(OUTBOX)} WHERE created_at < ? AND operation <> 'fire' AND NOT ${ENTITIES}`;
    await this.#write((db) => (forgotten = db.prepare(sql).run(before, JSON.stringify(entities)).changes));
    return forgotten;
  }

  async add(manager: OutboxManager, row: AddedRow): Promise<void> {
    const sql = `INSERT INTO ${quoted(OUTBOX)} ("key", "entity", "operation", "new", "cause") VALUES (?, ?, ?, ?, ?)`;
    await manager.query(sql, [row.key, row.entity, row.operation, row.new, row.cause]);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#looks.clear();
    this.#reader?.close();
    this.#reader = null;
  }

  #look(wake: (tablesChanged: boolean) => void): void {
    try {
      this.#reader ??= openReader(this.source);
      const version = this.#reader.pragma('data_version', { simple: true });
      if (version === this.#version) return;
      this.#version = version;
      const tables = this.#reader.pragma('schema_version', { simple: true });
      wake(tables !== this.#tables);
      this.#tables = tables;
    } catch {
      // Busy, or not there: reading tells.
      wake(false);
    }
  }

  /** `null`: somebody is just committing. */
  #read(entities: readonly string[]): readonly OutboxRow[] | null {
    try {
      this.#reader ??= openReader(this.source);
      return this.#reader
        .prepare(readRows(quoted(OUTBOX), ENTITIES))
        .all(JSON.stringify(entities))
        .map(rowOf);
    } catch (error) {
      if (isBusy(error)) return null;
      throw error;
    }
  }

  /** What the transaction of this runner has added is what others do not see yet. A failure loses the cause, nothing else. */
  async #note(runner: QueryRunner, cause: string): Promise<void> {
    try {
      this.#reader ??= openReader(this.source);
      const [seen] = this.#reader.prepare(`SELECT COALESCE(MAX(id), 0) AS id FROM ${quoted(OUTBOX)}`).all();
      const added = (await runner.query(`SELECT id FROM ${quoted(OUTBOX)} WHERE id > ? LIMIT 1`, [
        seen?.['id'],
      ])) as unknown[];
      if (added.length === 0) return;
      await runner.query(`UPDATE ${quoted(OUTBOX)} SET cause = ? WHERE id > ? AND cause IS NULL`, [
        cause,
        seen?.['id'],
      ]);
    } catch {
      // The outbox is not there, or the database is busy: the transaction commits all the same.
    }
  }

  /** An id may be that of another row by now, a key never. */
  async #delete(rows: readonly OutboxRow[]): Promise<void> {
    const sql = `DELETE FROM ${quoted(OUTBOX)} WHERE id = ? AND key = ?`;
    await this.#write((db) => {
      const statement = db.prepare(sql);
      for (const { id, key } of rows) statement.run(Number(id), key);
    });
  }

  #write(work: (db: SqliteConnection) => void): Promise<boolean> {
    let tellsAt = this.clock.monotonic() + RELAY_PATIENCE_MS;
    return writeBetween(this.source, work, this.clock, () => {
      if (this.clock.monotonic() < tellsAt) return this.#closed;
      tellsAt = Number.POSITIVE_INFINITY;
      this.#logger.warn(
        `${this.label}: somebody has had it in a transaction for ${RELAY_PATIENCE_MS / 1_000} s; no change fires before that ends. Should it never: ` +
          'transactions of a SQLite DataSource share one connection, and TypeORM mixes up those that overlap. Run them one after another.',
      );
      return this.#closed;
    });
  }

  async #run(statements: readonly string[]): Promise<void> {
    const deadline = this.clock.monotonic() + INSTALL_PATIENCE_MS;
    const isOver = (): boolean => this.clock.monotonic() > deadline;
    try {
      if (await writeBetween(this.source, (db) => statements.forEach((sql) => db.exec(sql)), this.clock, isOver))
        return;
    } catch (error) {
      throw noCapture(this.label, statements, error);
    }
    throw noCapture(this.label, statements, new TriggersError('TRG_STORE_UNAVAILABLE', 'The database is busy.'));
  }
}

function masters(
  db: SqliteConnection,
  type: 'table' | 'trigger',
): readonly { readonly name: string; readonly table: string }[] {
  const rows = db.prepare('SELECT name, tbl_name FROM sqlite_master WHERE type = ?').all(type);
  return rows.map((row) => ({ name: row['name'] as string, table: row['tbl_name'] as string }));
}
