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
 * Waits for ends of executions: told by this process's events, also of a moment ago, and by looking every second for those
 * of other nodes.
 */
@Injectable()
export class ExecutionWaiter implements OnModuleDestroy {
  readonly #waiting = new Map<ExecutionId, Waiting[]>();
  readonly #unsubscribe: () => void;
  #recent = new Set<ExecutionId>();
  #lessRecent = new Set<ExecutionId>();
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
        if (this.#waiting.has(executionId)) void this.#settle(executionId);
      },
      ['execution.completed', 'execution.failed', 'execution.cancelled'],
    );
  }

  /** Resolves when the execution has ended and its callbacks have settled. @throws TRG_ENG_STOPPED at shutdown */
  ended(id: ExecutionId): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, [...(this.#waiting.get(id) ?? []), { resolve, reject }]);
      if (this.#recent.has(id) || this.#lessRecent.has(id)) return void this.#settle(id);
      this.#timer ??= this.clock.setTimer(() => void this.#look(), LOOK_EVERY_MS);
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

  async #look(): Promise<void> {
    this.#timer = undefined;
    if (this.#waiting.size === 0) return;
    this.#timer = this.clock.setTimer(() => void this.#look(), LOOK_EVERY_MS);
    const rows = await this.store
      .read(
        READ_END,
        [...this.#waiting.keys()].map((id) => [id]),
      )
      .catch(() => []);
    for (const row of rows) {
      const told = row['callback_state'] !== 'pending' && Number(row['telling']) === 0;
      if (told && hasEnded(row['state'] as ExecutionState)) void this.#settle(row['id'] as ExecutionId);
    }
  }

  #remember(id: ExecutionId): void {
    this.#recent.add(id);
    if (this.#recent.size < REMEMBERED_ENDS) return;
    this.#lessRecent = this.#recent;
    this.#recent = new Set();
  }

  async #settle(id: ExecutionId): Promise<void> {
    await this.listener.settled(id);
    const waiting = this.#waiting.get(id) ?? [];
    this.#waiting.delete(id);
    for (const { resolve } of waiting) resolve();
  }
}
