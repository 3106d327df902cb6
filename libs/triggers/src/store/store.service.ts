import type { EntityManager } from 'typeorm';
import type { Clock } from '../model/clock.js';
import type { EventBus } from '../model/events.js';
import { closed } from './commit-errors.js';
import type { CommitScope } from './commit-kind.js';
import { CHANGE } from './commits/change.commit.js';
import type { ResolvedDatabaseOptions } from './database.options.js';
import type { Batch, Rows, Work } from './dialects/batch.js';
import type { Dialect } from './dialects/dialect.js';
import { PostgresDialect } from './dialects/postgres.dialect.js';
import { SqliteDialect } from './dialects/sqlite.dialect.js';
import { defineEntities } from './entities/entities.js';
import type { StoreEntities } from './entities/entities.js';
import { GroupCommit } from './group-commit.js';
import { migrate } from './migrations/migrate.js';
import { Notices } from './notices.js';

/**
 * The ledger's database: one writer through {@link GroupCommit}, readers beside it, schema and life cycle. It owns its
 * connections; an application's DataSource is never used and never sees our entities.
 */
export class Store {
  readonly dialect: Dialect;
  readonly commits: GroupCommit;
  readonly entities: StoreEntities;
  readonly notices: Notices;
  #open = false;

  constructor(
    readonly options: ResolvedDatabaseOptions,
    readonly clock: Clock,
    readonly events: EventBus,
  ) {
    this.entities = defineEntities(options.type);
    const schemas = Object.values(this.entities) as never[];
    this.dialect =
      options.type === 'sqlite'
        ? new SqliteDialect(options.path, schemas, clock)
        : new PostgresDialect(options, schemas, clock);
    this.notices = new Notices(this.dialect.notices, clock);
    this.commits = new GroupCommit(this.dialect, clock, events);
  }

  /**
   * Connects and brings the schema up to date.
   *
   * @throws TRG_DEF_MISSING_DRIVER, TRG_STORE_UNAVAILABLE, TRG_STORE_PATH, TRG_STORE_READ_ONLY, TRG_STORE_CORRUPT,
   *   TRG_STORE_POOLER, TRG_STORE_SCHEMA, TRG_STORE_SCHEMA_NEWER
   */
  async open(): Promise<void> {
    if (this.#open) return;
    try {
      await this.dialect.open();
      await migrate(this.dialect);
    } catch (error) {
      await this.dialect.close();
      throw error;
    }
    this.#open = true;
  }

  /** Commits what waits, then closes the connections. Nothing may use the store afterwards. */
  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await this.commits.close();
    await this.notices.close();
    await this.dialect.close();
  }

  /** For reading through TypeORM; sees committed rows only. @throws TRG_ENG_STOPPED once it is closed */
  get reader(): EntityManager {
    if (!this.#open) throw closed();
    return this.dialect.reader.manager;
  }

  /** Runs one reading statement over rows; sees committed rows only. */
  read(batch: Batch, rows: readonly (readonly unknown[])[]): Promise<Rows> {
    if (!this.#open) throw closed();
    return rows.length === 0 ? Promise.resolve([]) : this.dialect.read(batch, rows);
  }

  /** Runs a unit of work that only reads, outside any transaction; sees committed rows only. */
  async look<R>(work: () => Work<R>): Promise<R> {
    const unit = work();
    let next = unit.next();
    while (next.done !== true) {
      const { batch, rows, heard } = next.value;
      const answer = await this.read(batch, rows);
      heard?.(answer);
      next = unit.next(answer);
    }
    return next.value;
  }

  /**
   * Commits a unit of work in a transaction that it may share with others.
   *
   * @throws TRG_STORE_UNAVAILABLE when the database does not answer within the commit deadline
   */
  change<R>(work: (scope: CommitScope) => Work<R>): Promise<R> {
    return this.commits.submit(CHANGE, work, { deadlineMs: this.options.commitDeadlineMs }) as Promise<R>;
  }
}
