import type { CaptureSql, InstallReach } from '../capture/capture-sql.js';
import type { WatchedTable } from '../capture/watched-table.js';

/** One row of the outbox. */
export interface OutboxRow {
  readonly id: string;
  /** Unique for ever, also where ids begin anew. */
  readonly key: string;
  /** The path of a table; for what a program has fired, {@link firedBy} its trigger. */
  readonly entity: string;
  readonly operation: string;
  /** The row as JSON, by the names of the database. */
  readonly old: string | null;
  readonly new: string | null;
  /** `<execution id>:<depth>` of who has written it, where that is known. */
  readonly cause: string | null;
  readonly createdAt: Date;
}

/** What the rows of `fire(…, { manager })` are known by. */
export function firedBy(trigger: string): string {
  return `trigger:${trigger}`;
}

/** The operation of a row that a program has fired. */
export const FIRED = 'fire';

/** A row that a program adds. */
export type AddedRow = Pick<OutboxRow, 'key' | 'entity' | 'operation' | 'cause'> & { readonly new: string };

/** As much of TypeORM's `EntityManager` as is needed to write into somebody's transaction. */
export interface OutboxManager {
  query(sql: string, parameters?: unknown[]): Promise<unknown>;
  readonly dataSource: object;
}

/** Fires rows; returns the ids of those that are settled, one way or the other. */
export type FireRows = (rows: readonly OutboxRow[]) => Promise<readonly string[]>;

/** What one turn of the relay came to. `elsewhere`: another process relays, or the database is busy. */
export type Relayed = { readonly status: 'elsewhere' } | { readonly status: 'relayed'; readonly rows: number };

/** At most so many rows are fired together; they are one commit of the store. */
export const ROWS_PER_TURN = 200;
/** And at most so many characters, unless one row alone has more. */
export const CHARACTERS_PER_TURN = 8 * 1_048_576;

/** What an installation has found. */
export interface Installed {
  /** The paths of tables that do not exist. */
  readonly absent: readonly string[];
  /** Changes were captured here, and then somebody has dropped the outbox. */
  readonly wasGone: boolean;
}

/** The outbox in one database of the application, and what captures into it. */
export interface Outbox {
  /** For messages: which database it is. */
  readonly label: string;
  /** What {@link install} would do to an empty database. */
  captureOf(tables: readonly WatchedTable[]): CaptureSql;
  /** From now on what tasks write in transactions of TypeORM carries its cause. Called once. */
  noteCauses(): void;
  /**
   * Makes outbox and triggers be what these tables need. Where everything is as it should be nothing is written.
   *
   * @param reach what of ours is touched besides
   * @throws TRG_DEF_ENTITY_CAPTURE with what to run, where this user may not
   */
  install(tables: readonly WatchedTable[], reach: InstallReach): Promise<Installed>;
  /** Calls `wake` whenever rows may be there; tables may have been made anew, too, where the database tells. Never throws. */
  listen(wake: (tablesChanged: boolean) => void): void;
  /**
   * Reads the oldest rows of these entities that are committed, has them fired, and takes away what is settled.
   *
   * @throws what `fire` throws, and errors of the database: the rows stay
   */
  relay(entities: readonly string[], fire: FireRows): Promise<Relayed>;
  /** Takes away old rows of tables that nobody watches any more; returns how many. */
  forget(entities: readonly string[]): Promise<number>;
  /** Adds a row in the transaction of a manager. */
  add(manager: OutboxManager, row: AddedRow): Promise<void>;
  close(): Promise<void>;
}

/** Rows of tables that no trigger watches are kept so long: another version of the application may be about to start. */
export const UNWATCHED_MS = 600_000;

/**
 * Reads a turn's worth of rows: the first is always among them.
 *
 * @param isOurs a condition on `entity`
 */
export function readRows(outbox: string, isOurs: string): string {
  return `SELECT id, key, entity, operation, old, new, cause, created_at FROM (
    SELECT oldest.*, SUM(size) OVER (ORDER BY id) - size AS before FROM (
      SELECT id, key, entity, operation, old, new, cause, created_at,
        COALESCE(LENGTH(old), 0) + COALESCE(LENGTH(new), 0) AS size
      FROM ${outbox} WHERE ${isOurs} ORDER BY id LIMIT ${ROWS_PER_TURN}) oldest) sized
    WHERE before <= ${CHARACTERS_PER_TURN} ORDER BY id`;
}

/** A row as either driver returns it. One without a key is known by its id and its instant: ids may begin anew, but not at the same instant. */
export function rowOf(row: Readonly<Record<string, unknown>>): OutboxRow {
  const created = row['created_at'];
  const id = String(row['id']);
  const createdAt = created instanceof Date ? created : new Date(created as string);
  return {
    id,
    key: (row['key'] as string | null) ?? `${id}@${createdAt.getTime()}`,
    entity: row['entity'] as string,
    operation: row['operation'] as string,
    old: row['old'] as string | null,
    new: row['new'] as string | null,
    cause: row['cause'] as string | null,
    createdAt,
  };
}
