import { Injectable } from '@nestjs/common';
import { Clock } from '../../../model/clock.js';
import { ALONE_FROM_RESCUE, CLAIM_TASKS } from '../../../store/commits/claim.commit.js';
import { TimerRegistry } from '../../../model/timer-registry.js';
import { Wakeups } from '../../../model/timers.js';
import { batch } from '../../../store/dialects/batch.js';
import { Store } from '../../../store/store.service.js';
import { TaskTransport } from '../transport.js';
import type { TransportHost } from '../transport.js';

/** Ready tasks are looked for this often even if nobody wakes us: retries, delays, tasks of other nodes. */
export const SWEEP_MS = 1_000;

const NOTHING = { claimed: 0, slots: 0 } as const;

const WAITS_ALONE = batch(
  'task_waits_alone',
  { _declared: 'text', _pools: 'text' },
  ({ now, jsonTexts }) => `SELECT 1 AS waits FROM triggers_task
    WHERE state = 'ready' AND rescues >= ${ALONE_FROM_RESCUE} AND pool IN (${jsonTexts('(SELECT _pools FROM g)')}) AND run_at <= ${now}
      AND workflow || ':' || workflow_hash IN (${jsonTexts('(SELECT _declared FROM g)')}) LIMIT 1`,
);

/**
 * The default transport: ready tasks are claimed in batches straight from their table, as many as can start now. It is
 * woken by commits of this process and looks by itself every second. On Postgres any number of nodes claim at once
 * (`SKIP LOCKED`); on SQLite the owner of the file does.
 *
 * A task that was rescued twice runs alone: this node claims nothing else until it is idle, then that one task.
 */
@Injectable()
export class StoreTransport extends TaskTransport {
  #host: TransportHost | undefined;
  readonly #wakeups: Wakeups;
  #claiming: Promise<void> | undefined;
  /** Tasks are believed to be ready. */
  #backlog = false;
  #alone = false;
  /** A slot became free since the last claim began, which may not have seen it. */
  #freed = false;

  constructor(
    private readonly store: Store,
    clock: Clock,
    timers: TimerRegistry,
  ) {
    super();
    this.#wakeups = new Wakeups(clock, 'triggers:claims', timers);
  }

  start(host: TransportHost): void {
    this.#host = host;
    this.#sweep();
  }

  wake(inMs: number): void {
    if (inMs >= SWEEP_MS) return;
    if (inMs > 0) return this.#wakeLater(inMs);
    this.#backlog = true;
    this.#claimSoon();
  }

  slotFreed(): void {
    this.#freed = true;
    // The next loner need not wait for the sweep, nor those that wait for the last loner.
    if (this.#alone && this.#host?.isIdle() === true) this.#look();
    else this.#claimSoon();
  }

  #mayClaim(): boolean {
    return this.#host !== undefined && this.#backlog && (!this.#alone || this.#host.isIdle());
  }

  #claimSoon(): void {
    if (this.#mayClaim()) this.#claiming ??= this.#claim();
  }

  async stop(): Promise<void> {
    this.#wakeups.clear();
    this.#host = undefined;
    await this.#claiming;
  }

  /** Sooner than the next sweep: retries and delays of a fraction of a second keep their time. */
  #wakeLater(inMs: number): void {
    this.#wakeups.after(inMs, () => this.wake(0));
  }

  #sweep(): void {
    this.#wakeups.after(SWEEP_MS, () => this.#sweep());
    this.#look();
  }

  #look(): void {
    void this.#lookForLoners().then(() => this.wake(0));
  }

  async #lookForLoners(): Promise<void> {
    const { declared = [], pools = [] } = this.store.commits.claimer ?? {};
    const asked = [JSON.stringify(declared), JSON.stringify(pools)];
    const waiting = await this.store.read(WAITS_ALONE, [asked]).catch(() => []);
    this.#alone = waiting.length > 0;
    this.#host?.quiet(this.#alone);
  }

  async #claim(): Promise<void> {
    while (this.#mayClaim()) {
      this.#backlog = false;
      this.#freed = false;
      const { claimed, slots } = await this.store.commits
        .submit(CLAIM_TASKS, { alone: this.#alone }, { deadlineMs: SWEEP_MS })
        .catch(() => NOTHING);
      if (claimed < slots) continue;
      // All slots are used: more may be ready, and the next slot that becomes free asks again.
      if (!this.#alone) this.#backlog = true;
      if (!this.#freed) break;
    }
    // In the turn of the last look at what was asked for meanwhile: a later wish begins another claim.
    this.#claiming = undefined;
  }
}
