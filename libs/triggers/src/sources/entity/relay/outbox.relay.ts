import { Logger } from '@nestjs/common';
import type { OutboxFiring, OutboxIntake } from '../../../intake/outbox-intake.service.js';
import { whenAborted } from '../../../model/abort.js';
import type { Clock } from '../../../model/clock.js';
import { errorMessage, quoteAll } from '../../../model/text.js';
import type { TimerRegistry } from '../../../model/timer-registry.js';
import { Wakeups } from '../../../model/timers.js';
import type { EntityDefinition } from '../entity-trigger.definition.js';
import { OUTBOX } from '../capture/capture-sql.js';
import type { InstallReach } from '../capture/capture-sql.js';
import { watchedTables } from '../capture/watched-table.js';
import type { WatchedTable } from '../capture/watched-table.js';
import { FIRED, firedBy } from '../outbox/outbox.js';
import type { Outbox, OutboxRow } from '../outbox/outbox.js';
import type { ChangeMapper } from './change-mapper.js';
import type { ProgramFirings } from './program-firings.service.js';

/** After rows were found it is looked again this soon, and then less and less often: */
const FIRST_PAUSE_MS = 25;
/** at least so often for the second in which a connection that has woken us does not do so again, */
const ALERT_PAUSE_MS = 100;
const ALERT_FOR_MS = 1_000;
/** and then so often: what nobody woke us for is found after this long. */
const SWEEP_EVERY_MS = 1_000;
/** After a failure: our database or that of the application is away. */
const MAX_PAUSE_MS = 15_000;
/** A trigger that cannot hold any more leaves its rows in the outbox for so long. */
const FULL_PAUSE_MS = 5_000;
/** Tables that were made anew, by `synchronize` or a migration, have lost their triggers. */
const INSTALL_EVERY_MS = 60_000;

/** What every relay works with. */
export interface RelayTools {
  readonly intake: OutboxIntake;
  readonly mapper: ChangeMapper;
  readonly programs: ProgramFirings;
  readonly clock: Clock;
  readonly timers: TimerRegistry;
  /** The names of the triggers of this process; programs may fire any of them. */
  readonly names: () => readonly string[];
}

/**
 * Takes what is in one outbox to intake, oldest first, and takes it away when it is committed there. Should this process die in
 * between, the rows come again and are known by their keys.
 *
 * One turn: read up to 200 rows → ask the methods → one commit of the store → delete. A bad row becomes a dead letter; while our
 * database is away rows stay where they are.
 */
export class OutboxRelay {
  readonly #logger = new Logger('triggers');
  readonly #wakeups: Wakeups;
  readonly #tables: readonly WatchedTable[];
  readonly #byTable = new Map<string, EntityDefinition[]>();
  /** Entities that wait, by the instant at which they may be read again. */
  readonly #full = new Map<string, number>();
  #running: Promise<number> | undefined;
  #woken = false;
  #tablesChanged = false;
  #isOn = false;
  #hasFailed = false;
  #pauseMs = SWEEP_EVERY_MS;
  #installedAt = 0;
  #foundAt = Number.NEGATIVE_INFINITY;
  #absent = '';

  constructor(
    readonly outbox: Outbox,
    triggers: readonly EntityDefinition[],
    private readonly tools: RelayTools,
  ) {
    this.#wakeups = new Wakeups(tools.clock, 'triggers:relay', tools.timers);
    this.#tables = watchedTables(triggers);
    for (const trigger of triggers) {
      const { tablePath } = trigger.metadata;
      this.#byTable.set(tablePath, [...(this.#byTable.get(tablePath) ?? []), trigger]);
    }
  }

  /** Makes the database capture what the triggers watch. @throws TRG_DEF_ENTITY_CAPTURE */
  async install(reach: InstallReach): Promise<void> {
    const { label } = this.outbox;
    const installed = await this.outbox.install(this.#tables, reach);
    this.#installedAt = this.tools.clock.monotonic();
    if (installed.wasGone)
      this.#logger.error(
        `${label}: somebody has dropped "${OUTBOX}"; it is made again. What waited in it, and what was written without it, fires nothing.`,
      );
    const absent = quoteAll(installed.absent);
    if (absent !== this.#absent && absent !== quoteAll([]))
      this.#logger.warn(
        `${label} has no table ${absent}. Entity triggers of it fire nothing until it is there; it is looked for every minute.`,
      );
    this.#absent = absent;
  }

  start(): void {
    if (this.#isOn) return;
    this.#isOn = true;
    this.outbox.listen((tablesChanged) => this.#wake(tablesChanged));
    this.#wake(false);
  }

  /** Looks no more; resolves when what was read is settled, or `signal` aborts. */
  async stop(signal: AbortSignal): Promise<void> {
    this.#isOn = false;
    this.#wakeups.clear();
    await Promise.race([this.#running, whenAborted(signal)]);
    await this.outbox.close();
  }

  /** Takes everything that is there by now, unless it is stopped; returns how many rows were settled. Never throws. */
  async drain(): Promise<number> {
    if (!this.#isOn) return 0;
    // What runs already may have read before the last commit.
    const before = (await this.#running) ?? 0;
    return before + (await this.runOnce());
  }

  /** Takes what is there; returns how many rows were settled. Never throws. */
  runOnce(): Promise<number> {
    this.#running ??= this.#run().finally(() => (this.#running = undefined));
    return this.#running;
  }

  #wake(tablesChanged: boolean): void {
    this.#tablesChanged ||= tablesChanged;
    this.#woken = true;
    if (this.#isOn && this.#isUrgent && this.#running === undefined) this.#lookIn(0);
  }

  /**
   * After a failure it is tried again when its time has come: methods would be asked at every write meanwhile. But where tables have
   * changed, changes may not be captured, or the application's writes may fail.
   */
  get #isUrgent(): boolean {
    return this.#tablesChanged || (this.#woken && !this.#hasFailed);
  }

  #lookIn(delayMs: number): void {
    this.#wakeups.clear();
    this.#wakeups.after(
      delayMs,
      () => void this.runOnce().then(() => this.#isOn && this.#lookIn(this.#isUrgent ? 0 : this.#pauseMs)),
    );
  }

  async #run(): Promise<number> {
    let settled = 0;
    try {
      await this.#installAgain();
      do {
        this.#woken = false;
        const turn = await this.outbox.relay(this.#entities(), (rows) => this.#fire(rows));
        if (turn.status === 'elsewhere' || turn.rows === 0) break;
        settled += turn.rows;
      } while (this.#isOn);
      this.#hasFailed = false;
      this.#pauseMs = this.#nextPause(settled > 0);
    } catch (error) {
      if (this.#isOn)
        this.#logger.warn(`${this.outbox.label}: what has changed is fired later: ${errorMessage(error)}`);
      this.#pauseMs = Math.min(Math.max(this.#pauseMs, SWEEP_EVERY_MS) * 2, MAX_PAUSE_MS);
      this.#hasFailed = true;
      // Somebody may have dropped the outbox.
      this.#installedAt = Math.min(this.#installedAt, this.tools.clock.monotonic() - INSTALL_EVERY_MS);
    }
    return settled;
  }

  #nextPause(hasFound: boolean): number {
    const now = this.tools.clock.monotonic();
    if (hasFound) {
      this.#foundAt = now;
      return FIRST_PAUSE_MS;
    }
    return Math.min(this.#pauseMs * 2, now - this.#foundAt < ALERT_FOR_MS ? ALERT_PAUSE_MS : SWEEP_EVERY_MS);
  }

  /** What cannot be installed now is no reason not to fire what was captured. */
  async #installAgain(): Promise<void> {
    const { clock } = this.tools;
    if (!this.#tablesChanged && clock.monotonic() - this.#installedAt < INSTALL_EVERY_MS) return;
    this.#tablesChanged = false;
    this.#installedAt = clock.monotonic();
    try {
      await this.install('lost');
      const forgotten = await this.outbox.forget([...this.#byTable.keys()]);
      if (forgotten > 0)
        this.#logger.warn(`${this.outbox.label}: ${forgotten} changes of tables that no trigger watches were dropped.`);
    } catch (error) {
      this.#logger.warn(`What captures changes is looked at again in a minute: ${errorMessage(error)}`);
    }
  }

  /** What is read: all that this process can fire, but for what waits. */
  #entities(): readonly string[] {
    const now = this.tools.clock.monotonic();
    for (const [entity, until] of this.#full) if (until <= now) this.#full.delete(entity);
    const all = [...this.#byTable.keys(), ...this.tools.names().map(firedBy)];
    return all.filter((entity) => !this.#full.has(entity));
  }

  /** @returns the ids of the rows that are settled for every trigger of theirs */
  async #fire(rows: readonly OutboxRow[]): Promise<readonly string[]> {
    const mapped = await Promise.all(rows.map((row) => this.#map(row)));
    const firings = mapped.flatMap((own, at) => own.map((firing) => ({ firing, row: rows[at] as OutboxRow })));
    const outcomes = await this.tools.intake.take(firings.map(({ firing }) => firing));
    const waiting = new Set<string>();
    for (const [at, { status, reason }] of outcomes.entries()) {
      const { firing, row } = firings[at] as (typeof firings)[number];
      if (status !== 'refused' || firing.whenDisabled !== 'hold') continue;
      waiting.add(row.id);
      this.#isFull(row, firing, reason);
    }
    return rows.map(({ id }) => id).filter((id) => !waiting.has(id));
  }

  #isFull({ entity }: OutboxRow, { trigger }: OutboxFiring, reason: string | null): void {
    if (!this.#full.has(entity))
      this.#logger.warn(
        `Trigger "${trigger.name}": ${reason ?? 'disabled'}; what else changes waits in ${this.outbox.label}.`,
      );
    this.#full.set(entity, this.tools.clock.monotonic() + FULL_PAUSE_MS);
  }

  async #map(row: OutboxRow): Promise<readonly OutboxFiring[]> {
    if (row.operation === FIRED) return this.tools.programs.prepare(row, row.entity.slice(firedBy('').length));
    const triggers = this.#byTable.get(row.entity) ?? [];
    return (await Promise.all(triggers.map((trigger) => this.tools.mapper.map(trigger, row)))).flat();
  }
}
