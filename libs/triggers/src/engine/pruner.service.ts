import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../model/clock.js';
import type { TimerHandle } from '../model/clock.js';
import { firstIdAt } from '../model/ids.js';
import { pruneFailures } from '../store/delivery.repository.js';
import { expireHeld } from '../store/held.repository.js';
import {
  FIRST_KEY,
  pruneAudit,
  pruneFirings,
  pruneKeys,
  pruneNodes,
  pruneRates,
  pruneTicks,
} from '../store/prune.repository.js';
import { Store } from '../store/store.service.js';
import type { ResolvedEngineOptions } from './engine.options.js';
import { ENGINE_OPTIONS } from './tokens.js';

const EVERY_MS = 60_000;
/** Small enough for a batch to stay within about 5 ms. */
export const BATCH = 50;
/** Keys that are looked at in one go, and how many such pages a pass takes at most. */
const KEY_PAGE = 500;
const MAX_KEY_PAGES = 100;
const RESCAN_EVERY_MS = 3_600_000;

/** What one pass deleted. */
export interface PruneSummary {
  readonly firings: number;
  readonly ticks: number;
  readonly keys: number;
  readonly audit: number;
  /** Rate limits that nobody has met for an hour. */
  readonly rates: number;
  /** Firings that were held for too long; they are dead letters now. */
  readonly held: number;
  /** Counts of failed deliveries of messages that did not come again. */
  readonly deliveries: number;
}

/** Deletes history that is older than its retention, in small batches, every minute. Keys of dedup live by themselves. */
@Injectable()
export class Pruner {
  #timer: TimerHandle | undefined;
  #running: Promise<unknown> | undefined;
  #stopped = false;
  #scannedTo = '';
  #keyPosition = FIRST_KEY;
  #rescannedAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    @Inject(ENGINE_OPTIONS) private readonly options: ResolvedEngineOptions,
  ) {}

  start(): void {
    this.#stopped = false;
    this.#arm();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.clear();
    await this.#running;
  }

  /** Deletes everything that is due, batch after batch; a stop lets it end each kind with the batch that it is at. */
  async runOnce(): Promise<PruneSummary> {
    const { skipsMs, auditMs } = this.options.retention;
    const firings = await this.#firings();
    const ticks =
      skipsMs === null
        ? 0
        : await this.#repeat(() => this.store.change(() => pruneTicks(this.#bound(skipsMs), skipsMs, BATCH)));
    const keys = await this.#keys();
    const audit =
      auditMs === null ? 0 : await this.#repeat(() => this.store.change(() => pruneAudit(this.#bound(auditMs), BATCH)));
    await this.store.change(() => pruneNodes());
    const rates = await this.#repeat(() => this.store.change(() => pruneRates(BATCH)));
    const held = await this.#repeat(() => this.store.change(() => expireHeld()));
    const deliveries = await this.#repeat(() => this.store.change(() => pruneFailures(BATCH)));
    return { firings, ticks, keys, audit, rates, held, deliveries };
  }

  /** Goes on where the last pass ended, and looks again at what was kept once an hour. */
  async #firings(): Promise<number> {
    const { completedMs, failedMs } = this.options.retention;
    const bounds = { completedBefore: this.#bound(completedMs), failedBefore: this.#bound(failedMs) };
    if (this.clock.monotonic() - this.#rescannedAt > RESCAN_EVERY_MS) {
      this.#rescannedAt = this.clock.monotonic();
      this.#scannedTo = '';
    }
    let deleted = 0;
    for (;;) {
      const after = this.#scannedTo;
      const pruned = await this.store.change(() => pruneFirings({ ...bounds, after, limit: BATCH }));
      deleted += pruned.deleted;
      if (pruned.last === null) return deleted;
      this.#scannedTo = pruned.last;
      if (this.#stopped) return deleted;
    }
  }

  /** A bounded part of the table each time, round and round. */
  async #keys(): Promise<number> {
    let deleted = 0;
    for (let page = 0; page < MAX_KEY_PAGES; page += 1) {
      const after = this.#keyPosition;
      const pruned = await this.store.change(() => pruneKeys(after, KEY_PAGE));
      deleted += pruned.deleted;
      this.#keyPosition = pruned.next ?? FIRST_KEY;
      if (pruned.next === null || this.#stopped) return deleted;
    }
    return deleted;
  }

  #bound(olderThanMs: number | null): string {
    return olderThanMs === null ? '' : firstIdAt(this.clock.now() - olderThanMs);
  }

  async #repeat(deleteBatch: () => Promise<number>): Promise<number> {
    let deleted = 0;
    for (;;) {
      const batch = await deleteBatch();
      deleted += batch;
      if (batch < BATCH || this.#stopped) return deleted;
    }
  }

  #arm(): void {
    this.#timer = this.clock.setTimer(() => {
      this.#running = this.runOnce()
        .catch(() => undefined)
        .finally(() => {
          if (!this.#stopped) this.#arm();
        });
    }, EVERY_MS);
  }
}
