import type { DataSource } from 'typeorm';
import type { Clock } from '../../../model/clock.js';
import { CAPTURE, OUTBOX, changesOf, literal, quoted } from '../capture/capture-sql.js';
import type { CaptureSql, InstallReach, StandingTrigger } from '../capture/capture-sql.js';
import { CAUSE_SETTING, OUTBOX_CHANNEL, OUTBOX_GONE, postgresCapture } from '../capture/postgres.capture.js';
import type { WatchedTable } from '../capture/watched-table.js';
import { noteCauses } from './cause.subscriber.js';
import { noCapture } from './no-capture.js';
import { UNWATCHED_MS, readRows, rowOf } from './outbox.js';
import type { AddedRow, FireRows, Installed, Outbox, OutboxManager, Relayed } from './outbox.js';
import { PostgresConnection, schemaOf } from './postgres.connection.js';

/** A trigger is made while nobody writes the table: who writes now is waited for so long, and whoever comes next waits with us. */
const DDL_PATIENCE_MS = 2_000;
const TRIES = 15;
const PAUSE_MS = 1_000;

const INSTALLED = `SELECT t.tgname AS name, n.nspname AS schema, c.relname AS "table"
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_namespace s ON s.oid = p.pronamespace
  WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND s.nspname = $1 AND starts_with(t.tgname, '${CAPTURE}')`;

const FUNCTIONS = `SELECT p.proname AS name FROM pg_proc p JOIN pg_namespace s ON s.oid = p.pronamespace
  WHERE s.nspname = $1 AND starts_with(p.proname, '${CAPTURE}')`;

const PRESENT = `SELECT c.relname AS name, n.nspname AS schema FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND (n.nspname, c.relname) IN (SELECT * FROM unnest($1::text[], $2::text[]))`;

/** What is to be done, and what was found. */
interface Plan extends Installed {
  /**
   * Each is done in a transaction of its own, because it locks at most one table: with two, we and a transaction of the application could wait
   * for each other, and Postgres would fail one of us.
   */
  readonly units: readonly (readonly string[])[];
}

/**
 * The outbox in a Postgres schema, through a connection of our own. Of several nodes one relays at a time, so that rows keep their
 * order and are read once: whoever gets the advisory lock, for one short transaction; it ends with the connection of whoever dies.
 */
export class PostgresOutbox implements Outbox {
  readonly #schema: string;
  readonly #outbox: string;
  readonly #connection: PostgresConnection;
  readonly #space: string;

  constructor(
    private readonly source: DataSource,
    readonly label: string,
    private readonly clock: Clock,
  ) {
    this.#schema = schemaOf(source);
    this.#outbox = `${quoted(this.#schema)}.${quoted(OUTBOX)}`;
    this.#space = `hashtext(${literal(`nestjs-triggers:${this.#outbox}`)})`;
    this.#connection = new PostgresConnection(source, OUTBOX_CHANNEL, clock);
  }

  captureOf(tables: readonly WatchedTable[]): CaptureSql {
    return postgresCapture(tables, this.#schema);
  }

  noteCauses(): void {
    const set = `SELECT set_config('${CAUSE_SETTING}', $1, true)`;
    noteCauses(this.source, 'start', (runner, cause) => runner.query(set, [cause]));
  }

  async install(tables: readonly WatchedTable[], reach: InstallReach): Promise<Installed> {
    let plan = await this.#plan(tables, reach);
    const { wasGone } = plan;
    for (let failures = 0; plan.units.length > 0;) {
      try {
        await this.#carryOut(tables, reach);
      } catch (error) {
        failures += 1;
        if (!isBusy(error) || failures === TRIES) throw noCapture(this.label, plan.units.flat(), error);
        await new Promise<void>((wake) => this.clock.setTimer(wake, PAUSE_MS));
      }
      plan = await this.#plan(tables, reach);
    }
    return { absent: plan.absent, wasGone };
  }

  listen(wake: (tablesChanged: boolean) => void): void {
    this.#connection.listen((told) => {
      const isGone = told === `${OUTBOX_GONE}${this.#schema}`;
      if (isGone || told === this.#schema || told === '') wake(isGone);
    });
  }

  async relay(entities: readonly string[], fire: FireRows): Promise<Relayed> {
    const { rows: some } = await this.#connection.query(`SELECT EXISTS (SELECT 1 FROM ${this.#outbox}) AS some`);
    if (some[0]?.['some'] !== true) return { status: 'relayed', rows: 0 };
    return this.#connection.transaction(async () => {
      const { rows: mine } = await this.#connection.query(
        `SELECT pg_try_advisory_xact_lock(${this.#space}, 1) AS mine`,
      );
      if (mine[0]?.['mine'] !== true) return { status: 'elsewhere' };
      const { rows } = await this.#connection.query(readRows(this.#outbox, 'entity = ANY ($1)'), [entities]);
      if (rows.length === 0) return { status: 'relayed', rows: 0 };
      const settled = await fire(rows.map(rowOf));
      await this.#connection.query(`DELETE FROM ${this.#outbox} WHERE id = ANY ($1::bigint[])`, [settled]);
      return { status: 'relayed', rows: settled.length };
    });
  }

  async forget(entities: readonly string[]): Promise<number> {
    const sql = `DELETE FROM ${this.#outbox} WHERE operation <> 'fire' AND entity <> ALL ($1)
      AND created_at < clock_timestamp() - $2 * interval '1 millisecond'`;
    return (await this.#connection.query(sql, [entities, UNWATCHED_MS])).count;
  }

  async add(manager: OutboxManager, { key, entity, operation, new: fresh, cause }: AddedRow): Promise<void> {
    const sql = `WITH added AS (INSERT INTO ${this.#outbox} (key, entity, operation, new, cause)
      VALUES ($1, $2, $3, $4, $5) RETURNING 1) SELECT pg_notify('${OUTBOX_CHANNEL}', $6) FROM added`;
    await manager.query(sql, [key, entity, operation, fresh, cause, this.#schema]);
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  /** Does the first thing that is to be done. Planned again under the lock: another node may have done it. */
  #carryOut(tables: readonly WatchedTable[], reach: InstallReach): Promise<void> {
    return this.#connection.transaction(async () => {
      await this.#connection.query(`SET LOCAL lock_timeout = ${DDL_PATIENCE_MS}`);
      await this.#connection.query(`SELECT pg_advisory_xact_lock(${this.#space}, 2)`);
      const [unit = []] = (await this.#plan(tables, reach)).units;
      for (const sql of unit) await this.#connection.query(sql);
    });
  }

  async #plan(tables: readonly WatchedTable[], reach: InstallReach): Promise<Plan> {
    const schemas = tables.map(({ schema }) => schema ?? this.#schema);
    const found = await this.#connection.query(PRESENT, [
      [this.#schema, ...schemas],
      [OUTBOX, ...tables.map(({ name }) => name)],
    ]);
    const present = new Set(found.rows.map(({ schema, name }) => `${String(schema)}.${String(name)}`));
    const isThere = ({ schema = this.#schema, name }: Pick<WatchedTable, 'schema' | 'name'>): boolean =>
      present.has(`${schema}.${name}`);
    const { prepare, triggers } = this.captureOf(tables.filter(isThere));
    const [outbox = '', capture = ''] = prepare;
    const { rows: installed } = await this.#connection.query(INSTALLED, [this.#schema]);
    const { rows: functions } = await this.#connection.query(FUNCTIONS, [this.#schema]);
    const isMade = (row: Row): boolean => capture.includes(quoted(row['name'] as string));
    const isStale = (row: Row): boolean => reach === 'all' && !isMade(row);
    const isGone = !isThere({ schema: undefined, name: OUTBOX });
    const units = [
      isGone ? [outbox] : [],
      functions.some(isMade) ? [] : [capture],
      ...byTable(changesOf(triggers, installed.map(standing), reach)),
      functions.filter(isStale).map((row) => this.#dropFunction(row)),
    ];
    return {
      units: units.filter(({ length }) => length > 0),
      absent: tables.filter((table) => !isThere(table)).map(({ path }) => path),
      wasGone: isGone && installed.length > 0,
    };
  }

  #dropFunction(row: Row): string {
    return `DROP FUNCTION IF EXISTS ${quoted(this.#schema)}.${quoted(row['name'] as string)}()`;
  }
}

type Row = Readonly<Record<string, unknown>>;

function standing(row: Row): StandingTrigger {
  const [schema, table] = [row['schema'], row['table']] as [string, string];
  return { name: row['name'] as string, table: `${quoted(schema)}.${quoted(table)}` };
}

/** What goes and what comes on one table, together: it is always captured, and by one trigger. */
function byTable({ missing, stale }: ReturnType<typeof changesOf>): string[][] {
  const statements = new Map<string, string[]>();
  const add = (table: string, sql: string): unknown => statements.set(table, [...(statements.get(table) ?? []), sql]);
  for (const { name, table } of stale) add(table, `DROP TRIGGER IF EXISTS ${quoted(name)} ON ${table}`);
  for (const { create, table } of missing) add(table, create);
  return [...statements.values()];
}

/** Who writes the table now, or another node that does the same, was not done in time. */
function isBusy(error: unknown): boolean {
  return ['55P03', '40P01'].includes((error as { readonly code?: string } | null)?.code ?? '');
}
