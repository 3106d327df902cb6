import { Injectable, Logger } from '@nestjs/common';
import { EventBus } from '../model/events.js';
import type { ExecutionId } from '../model/ids.js';
import type { Row } from '../store/dialects/batch.js';
import { countReady, moveToPools, readUnservedPools, readWaiting } from '../store/pool.repository.js';
import type { MovedTask } from '../store/pool.repository.js';
import { Store } from '../store/store.service.js';
import { WorkflowRegistry } from '../workflows/workflow.registry.js';

/** Tasks that are looked at in one go, and how many such pages one look takes of a pool at most. */
const PAGE = 500;
const MAX_PAGES = 20;
/** Counting further tells an operator nothing. */
export const MAX_READY = 10_000;

/**
 * Looks after ready tasks whose pool no living node serves. They wait, however long it takes, until one does; that is said
 * once, when two looks in a row have found it, so that a worker that is restarted is no news.
 *
 * Those that the code of this node has moved to another pool since, and that somebody serves there, go there: a deploy must
 * not leave them behind. Where the old pool is still served, whoever claims them there finds out by its own code.
 */
@Injectable()
export class PoolWatch {
  readonly #logger = new Logger('engine');
  #suspects: ReadonlySet<string> = new Set();
  readonly #told = new Set<string>();
  /** Where the next look into a pool goes on. */
  readonly #seen = new Map<string, number>();

  constructor(
    private readonly store: Store,
    private readonly workflows: WorkflowRegistry,
    private readonly events: EventBus,
  ) {}

  async runOnce(): Promise<{ readonly moved: number; readonly unserved: readonly string[] }> {
    const { unserved, served } = await this.store.look(() => readUnservedPools());
    let moved = 0;
    for (const pool of unserved) moved += await this.#moveFrom(pool, served);
    if (moved > 0) this.#logger.log(`Moved ${moved} ready tasks to the pools that their workflows declare by now.`);
    await this.#tell(unserved);
    return { moved, unserved };
  }

  async #moveFrom(pool: string, served: ReadonlySet<string>): Promise<number> {
    let moved = 0;
    let skip = this.#seen.get(pool) ?? 0;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const from = skip;
      const waiting = await this.store.look(() => readWaiting(pool, from, PAGE));
      const tasks = waiting.flatMap((row) => this.#movable(row, pool, served));
      if (tasks.length > 0) moved += await this.#move(tasks);
      if (waiting.length < PAGE) {
        skip = 0;
        break;
      }
      skip += waiting.length - tasks.length;
    }
    this.#seen.set(pool, skip);
    return moved;
  }

  #movable(row: Row, from: string, served: ReadonlySet<string>): MovedTask[] {
    const task = row['task'] as string;
    const to = this.workflows.poolOf(row['workflow'] as string, row['workflow_hash'] as string, task);
    if (to === undefined || !served.has(to)) return [];
    return [{ executionId: row['execution_id'] as ExecutionId, task, from, to }];
  }

  #move(tasks: readonly MovedTask[]): Promise<number> {
    return this.store.change(function* (scope) {
      const moved = yield* moveToPools(tasks);
      scope.leavesSomeReady();
      return moved;
    });
  }

  async #tell(unserved: readonly string[]): Promise<void> {
    for (const pool of [...this.#told, ...this.#seen.keys()]) {
      if (unserved.includes(pool)) continue;
      this.#told.delete(pool);
      this.#seen.delete(pool);
    }
    for (const pool of unserved) {
      if (!this.#suspects.has(pool) || this.#told.has(pool)) continue;
      const ready = await this.store.look(() => countReady(pool, MAX_READY));
      if (ready === 0) continue;
      this.#told.add(pool);
      this.events.emit('pool.unserved', { pool, ready });
    }
    this.#suspects = new Set(unserved);
  }
}
