import { Injectable } from '@nestjs/common';
import { Clock } from '../model/clock.js';
import type { TimerHandle } from '../model/clock.js';
import type { FiringId } from '../model/ids.js';
import { batch, run } from '../store/dialects/batch.js';
import type { Work } from '../store/dialects/batch.js';
import { Store } from '../store/store.service.js';

const WRITE_EVERY_MS = 1_000;

const COUNT_DUPLICATES = batch(
  'firing_duplicates',
  { _id: 'text', _count: 'int' },
  ({ now }) => `UPDATE triggers_firing SET duplicates = duplicates + g._count, last_duplicate_at = ${now}
    FROM g WHERE id = g._id`,
);

const COUNT_FIRES = batch(
  'trigger_fires',
  { _name: 'text', _fires: 'int', _duplicates: 'int' },
  ({ now }) => `UPDATE triggers_trigger SET fires = fires + g._fires, duplicates = duplicates + g._duplicates,
      last_fire_at = CASE WHEN g._fires > 0 THEN ${now} ELSE last_fire_at END
    FROM g WHERE name = g._name`,
);

/**
 * Counts what need not be exact at once: duplicates on their originals, and what is fired by hand on its trigger (polls
 * count themselves). Written at most once a second; a crash may lose the last second of counts, never an event.
 */
@Injectable()
export class IntakeCounter {
  readonly #duplicates = new Map<FiringId, number>();
  readonly #fires = new Map<string, { fires: number; duplicates: number }>();
  #timer: TimerHandle | undefined;

  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
  ) {}

  /** A repeat of a firing that was seen before. */
  duplicate(firingId: FiringId): void {
    this.#duplicates.set(firingId, (this.#duplicates.get(firingId) ?? 0) + 1);
    this.#arm();
  }

  /** Somebody fired a trigger by hand. */
  fired(trigger: string, as: 'fires' | 'duplicates'): void {
    const counts = this.#fires.get(trigger) ?? { fires: 0, duplicates: 0 };
    counts[as] += 1;
    this.#fires.set(trigger, counts);
    this.#arm();
  }

  /** Writes what was counted. Counts are hints: when the database is away they are dropped. */
  async flush(): Promise<void> {
    this.#timer?.clear();
    this.#timer = undefined;
    const duplicates = [...this.#duplicates].sort(([a], [b]) => (a < b ? -1 : 1));
    const fires = [...this.#fires].sort(([a], [b]) => (a < b ? -1 : 1));
    this.#duplicates.clear();
    this.#fires.clear();
    if (duplicates.length + fires.length === 0 || this.store.commits.isAway) return;
    await this.store
      .change(function* (): Work<void> {
        yield* run(
          COUNT_FIRES,
          fires.map(([name, counts]) => [name, counts.fires, counts.duplicates]),
        );
        yield* run(COUNT_DUPLICATES, duplicates);
      })
      .catch(() => undefined);
  }

  #arm(): void {
    this.#timer ??= this.clock.setTimer(() => void this.flush(), WRITE_EVERY_MS);
  }
}
