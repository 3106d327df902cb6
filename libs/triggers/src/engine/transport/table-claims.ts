import { ALONE_FROM_RESCUE, CLAIM_TASKS } from '../../store/commits/claim.commit.js';
import { batch } from '../../store/dialects/batch.js';
import type { Store } from '../../store/store.service.js';
import type { TransportHost } from './transport.js';

/** Ready tasks are looked for this often even if nobody wakes us: retries, delays, tasks of other nodes. */
export const SWEEP_MS = 1_000;

const NOTHING = { claimed: 0, slots: 0 } as const;

const WAITS_ALONE = batch(
  'task_waits_alone',
  { _declared: 'text', _pools: 'text' },
  ({ now, isAmong }) => `SELECT 1 AS waits FROM triggers_task
    WHERE state = 'ready' AND rescues >= ${ALONE_FROM_RESCUE} AND ${isAmong('pool', '(SELECT _pools FROM g)')} AND run_at <= ${now}
      AND ${isAmong(`workflow || ':' || workflow_hash`, '(SELECT _declared FROM g)')} LIMIT 1`,
);

/** Which tasks a transport claims from the table now. */
export interface TableWish {
  /** Only those that nobody has claimed for that long. */
  readonly overdueMs: number;
  /** Whether each slot that becomes free asks again, as long as all slots were used. */
  readonly goesOn: boolean;
}

/**
 * Claims ready tasks in batches straight from their table, as many as can start now. On Postgres any number of nodes claim at
 * once (`SKIP LOCKED`); on SQLite the owner of the file does.
 *
 * A task that was rescued twice runs alone: this node claims nothing else until it is idle, then that one task.
 */
export class TableClaims {
  #host: TransportHost | undefined;
  #claiming: Promise<void> | undefined;
  /** Tasks are believed to be ready. */
  #backlog = false;
  #alone = false;
  /** A slot became free since the last claim began, which may not have seen it. */
  #freed = false;

  constructor(
    private readonly store: Store,
    private readonly wish: () => TableWish,
  ) {}

  start(host: TransportHost): void {
    this.#host = host;
  }

  /** Tasks may be ready. */
  wake(): void {
    this.#backlog = true;
    this.#claimSoon();
  }

  slotFreed(): void {
    this.#freed = true;
    // The next loner need not wait for the sweep, nor those that wait for the last loner.
    if (this.#alone && this.#host?.isIdle() === true) void this.look();
    else this.#claimSoon();
  }

  /** Sees whether a task waits to run alone, then claims. */
  async look(): Promise<void> {
    const { declared = [], pools = [] } = this.store.commits.claimer ?? {};
    const asked = [JSON.stringify(declared), JSON.stringify(pools)];
    const waiting = await this.store.read(WAITS_ALONE, [asked]).catch(() => []);
    this.#alone = waiting.length > 0;
    this.#host?.quiet(this.#alone);
    this.wake();
  }

  /** Claims nothing more. Resolves when no claim is on its way. */
  async stop(): Promise<void> {
    this.#host = undefined;
    await this.#claiming;
  }

  #mayClaim(): boolean {
    return this.#host !== undefined && this.#backlog && (!this.#alone || this.#host.isIdle());
  }

  #claimSoon(): void {
    if (this.#mayClaim()) this.#claiming ??= this.#claim();
  }

  async #claim(): Promise<void> {
    while (this.#mayClaim()) {
      this.#backlog = false;
      this.#freed = false;
      const { overdueMs, goesOn } = this.wish();
      const { claimed, slots } = await this.store.commits
        .submit(CLAIM_TASKS, { alone: this.#alone, overdueMs }, { deadlineMs: SWEEP_MS })
        .catch(() => NOTHING);
      if (claimed < slots) continue;
      // All slots are used: more may be ready, and the next slot that becomes free asks again.
      if (!this.#alone && goesOn) this.#backlog = true;
      if (!this.#freed) break;
    }
    // In the turn of the last look at what was asked for meanwhile: a later wish begins another claim.
    this.#claiming = undefined;
  }
}
