import { Injectable } from '@nestjs/common';
import type { OnModuleDestroy } from '@nestjs/common';
import { Clock } from '../model/clock.js';
import type { TimerHandle } from '../model/clock.js';
import { EndListener } from '../model/end-listener.js';
import { TriggersError } from '../model/errors.js';
import { EventBus } from '../model/events.js';
import type { ExecutionId } from '../model/ids.js';
import { hasEnded } from '../model/states.js';
import type { ExecutionState } from '../model/states.js';
import { batch } from '../store/dialects/batch.js';
import type { Rows } from '../store/dialects/batch.js';
import { Store } from '../store/store.service.js';

const LOOK_EVERY_MS = 1_000;
/** At least so many ends of this process are remembered for somebody who asks a moment later. */
const REMEMBERED_ENDS = 5_000;

const READ_END = batch(
  'execution_end',
  { _id: 'text' },
  () => `SELECT e.id, e.state, e.callback_state,
      (SELECT count(*) FROM triggers_task t WHERE t.execution_id = e.id AND t.callback_state = 'pending') AS telling
    FROM g JOIN triggers_execution e ON e.id = g._id`,
);

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Waits for ends of executions. This process's events, also of a moment ago, say when to look; every second it looks for
 * those of other nodes. The rows decide: callbacks of other nodes may still be on their way, and an execution that has
 * ended may have been retried since.
 */
@Injectable()
export class ExecutionWaiter implements OnModuleDestroy {
  readonly #waiting = new Map<ExecutionId, Waiting[]>();
  readonly #unsubscribe: () => void;
  #recent = new Set<ExecutionId>();
  #lessRecent = new Set<ExecutionId>();
  /** Looked at together, while another look is on its way. */
  readonly #due = new Set<ExecutionId>();
  #isLooking = false;
  #timer: TimerHandle | undefined;

  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly listener: EndListener,
    events: EventBus,
  ) {
    this.#unsubscribe = events.subscribe(
      ({ executionId }) => {
        this.#remember(executionId);
        if (this.#waiting.has(executionId)) void this.#lookSoon(executionId);
      },
      ['execution.completed', 'execution.failed', 'execution.cancelled'],
    );
  }

  /** Resolves when the execution has ended and its callbacks have settled. @throws TRG_ENG_STOPPED at shutdown */
  ended(id: ExecutionId): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, [...(this.#waiting.get(id) ?? []), { resolve, reject }]);
      if (this.#recent.has(id) || this.#lessRecent.has(id)) void this.#lookSoon(id);
      this.#lookLater();
    });
  }

  onModuleDestroy(): void {
    this.#unsubscribe();
    this.#timer?.clear();
    for (const waiting of this.#waiting.values()) {
      for (const { reject } of waiting) {
        reject(
          new TriggersError('TRG_ENG_STOPPED', 'The application stops; the execution goes on after the next start.'),
        );
      }
    }
    this.#waiting.clear();
  }

  #lookLater(): void {
    this.#timer ??= this.clock.setTimer(() => {
      this.#timer = undefined;
      if (this.#waiting.size === 0) return;
      this.#lookLater();
      void this.#look([...this.#waiting.keys()]);
    }, LOOK_EVERY_MS);
  }

  /** Callbacks of this process have written their outcome when they have settled. */
  async #lookSoon(id: ExecutionId): Promise<void> {
    await this.listener.settled(id);
    this.#due.add(id);
    if (this.#isLooking) return;
    this.#isLooking = true;
    while (this.#due.size > 0) {
      const ids = [...this.#due];
      this.#due.clear();
      await this.#look(ids);
    }
    this.#isLooking = false;
  }

  async #look(ids: readonly ExecutionId[]): Promise<void> {
    const rows = await this.#read(ids);
    for (const row of rows) {
      const told = row['callback_state'] !== 'pending' && Number(row['telling']) === 0;
      if (told && hasEnded(row['state'] as ExecutionState)) void this.#resolve(row['id'] as ExecutionId);
    }
  }

  /** What cannot be read now is read in a second. */
  async #read(ids: readonly ExecutionId[]): Promise<Rows> {
    try {
      return await this.store.read(
        READ_END,
        ids.map((id) => [id]),
      );
    } catch {
      return [];
    }
  }

  #remember(id: ExecutionId): void {
    this.#recent.add(id);
    if (this.#recent.size < REMEMBERED_ENDS) return;
    this.#lessRecent = this.#recent;
    this.#recent = new Set();
  }

  async #resolve(id: ExecutionId): Promise<void> {
    await this.listener.settled(id);
    const waiting = this.#waiting.get(id) ?? [];
    this.#waiting.delete(id);
    for (const { resolve } of waiting) resolve();
  }
}
