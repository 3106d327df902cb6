import { Injectable } from '@nestjs/common';
import { Clock } from '../model/clock.js';
import type { TimerHandle } from '../model/clock.js';
import type { FiringId } from '../model/ids.js';
import type { CommitScope } from '../store/commit-kind.js';
import { batch, run } from '../store/dialects/batch.js';
import type { Batch, Work } from '../store/dialects/batch.js';
import { Store } from '../store/store.service.js';

const WRITE_EVERY_MS = 1_000;

/** What a trigger has fired since the last writing, and how many messages have failed on it. */
interface Counts {
  readonly fires: number;
  readonly duplicates: number;
  readonly failures: number;
}

const NOTHING: Counts = { fires: 0, duplicates: 0, failures: 0 };

const COUNT_DUPLICATES = batch(
  'firing_duplicates',
  { _id: 'text', _count: 'int' },
  ({ now, skipLocked }) => `, free AS MATERIALIZED (
      SELECT id FROM triggers_firing WHERE id IN (SELECT _id FROM g) ORDER BY id ${skipLocked})
    UPDATE triggers_firing SET duplicates = duplicates + g._count, last_duplicate_at = ${now}
    FROM g WHERE id = g._id AND id IN (SELECT id FROM free) RETURNING id AS counted`,
);

const COUNT_FIRES = batch(
  'trigger_fires',
  { _name: 'text', _fires: 'int', _duplicates: 'int', _failures: 'int' },
  ({ now, skipLocked }) => `, free AS MATERIALIZED (
      SELECT name FROM triggers_trigger WHERE name IN (SELECT _name FROM g) ORDER BY name ${skipLocked})
    UPDATE triggers_trigger SET fires = fires + g._fires, duplicates = duplicates + g._duplicates,
      failures = failures + g._failures,
      last_fire_at = CASE WHEN g._fires > 0 THEN ${now} ELSE last_fire_at END
    FROM g WHERE name = g._name AND name IN (SELECT name FROM free) RETURNING name AS counted`,
);

const FIRINGS_THERE = batch(
  'firing_there',
  { _id: 'text' },
  () => `SELECT id AS present FROM triggers_firing WHERE id IN (SELECT _id FROM g)`,
);

const TRIGGERS_THERE = batch(
  'trigger_there',
  { _name: 'text' },
  () => `SELECT name AS present FROM triggers_trigger WHERE name IN (SELECT _name FROM g)`,
);

/**
 * Counts what need not be exact at once: duplicates on their originals, and what is fired by hand on its trigger (polls
 * count themselves). Written at most once a second; a crash may lose the last second of counts, never an event.
 *
 * Counts wait for no row: they share a transaction with the ends of executions, whose order of rows is another one, and a deadlock takes
 * Postgres a second to see. What another transaction has locked is counted a second later.
 */
@Injectable()
export class IntakeCounter {
  readonly #duplicates = new Map<FiringId, number>();
  readonly #fires = new Map<string, Counts>();
  #timer: TimerHandle | undefined;
  #ending = false;

  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
  ) {}

  /** A repeat of a firing that was seen before. */
  duplicate(firingId: FiringId): void {
    this.#addDuplicates(firingId, 1);
  }

  /** Something was fired, or a message has failed. */
  fired(trigger: string, as: keyof Counts): void {
    this.#addFires(trigger, { ...NOTHING, [as]: 1 });
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
    const locked = await this.store.change(once(() => count(fires, duplicates))).catch(() => NONE);
    if (this.#ending) return;
    for (const [name, counts] of fires) if (locked.has(name)) this.#addFires(name, counts);
    for (const [id, repeats] of duplicates) if (locked.has(id)) this.#addDuplicates(id, repeats);
  }

  /** As {@link flush}, for the last time: what is locked just then is not counted. */
  async end(): Promise<void> {
    this.#ending = true;
    await this.flush();
    this.#ending = false;
  }

  #addDuplicates(id: FiringId, repeats: number): void {
    this.#duplicates.set(id, (this.#duplicates.get(id) ?? 0) + repeats);
    this.#arm();
  }

  #addFires(name: string, counts: Counts): void {
    const { fires, duplicates, failures } = this.#fires.get(name) ?? NOTHING;
    this.#fires.set(name, {
      fires: fires + counts.fires,
      duplicates: duplicates + counts.duplicates,
      failures: failures + counts.failures,
    });
    this.#arm();
  }

  #arm(): void {
    this.#timer ??= this.clock.setTimer(() => void this.flush(), WRITE_EVERY_MS);
  }
}

const NONE: ReadonlySet<unknown> = new Set();

/** Nobody knows whether counts are there whose COMMIT broke: they are left out then, rather than counted twice. */
function once(work: () => Work<ReadonlySet<unknown>>): (scope: CommitScope) => Work<ReadonlySet<unknown>> {
  let wasTried = false;
  return function* ({ repeated }) {
    if (wasTried && repeated) return NONE;
    wasTried = true;
    return yield* work();
  };
}

/** Returns the names and ids of the rows that somebody else has locked: they were not counted. */
function* count(
  fires: readonly (readonly [string, Counts])[],
  duplicates: readonly (readonly [FiringId, number])[],
): Work<ReadonlySet<unknown>> {
  const ofTriggers = fires.map(([name, counts]) => [name, counts.fires, counts.duplicates, counts.failures]);
  return new Set([
    ...(yield* leftOf(ofTriggers, COUNT_FIRES, TRIGGERS_THERE)),
    ...(yield* leftOf(duplicates, COUNT_DUPLICATES, FIRINGS_THERE)),
  ]);
}

/** The rows that are there and were not counted; what was pruned is none. */
function* leftOf(rows: readonly (readonly unknown[])[], counting: Batch, there: Batch): Work<readonly unknown[]> {
  const counted = new Set((yield* run(counting, rows)).map((row) => row['counted']));
  const missed = rows.filter(([key]) => !counted.has(key)).map(([key]) => [key]);
  return (yield* run(there, missed)).map((row) => row['present']);
}
