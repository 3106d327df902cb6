import type { Clock } from '../model/clock.js';
import { parseDuration } from '../model/duration.js';
import type { Duration } from '../model/duration.js';
import type { EventBus } from '../model/events.js';
import type { OpenWork } from './open-work.js';
import { movable } from './test-clock.js';
import { Deadline } from './time-limit.js';
import type { TimeLimit } from './time-limit.js';

/** How far a drain goes. */
export interface DrainOptions extends TimeLimit {
  /**
   * Lets up to that much time of the test clock pass for tasks that are due later, retries for example, no more than they
   * need. Whatever else is due meanwhile happens too. @default no time passes
   */
  readonly through?: Duration;
}

/** What has come to rest. */
export interface DrainSummary {
  /** Executions that have ended in this process since the drain before. */
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  /** Tasks that wait for a time to come: retries, `runAt`, rate limits. */
  readonly later: number;
}

/** Waits until nothing is on its way, and counts what has ended. */
export class Drain {
  #ended = { completed: 0, failed: 0, cancelled: 0 };

  constructor(
    private readonly work: OpenWork,
    private readonly clock: Clock,
    events: EventBus,
  ) {
    events.subscribe(({ name }) => {
      if (name === 'execution.completed') this.#ended.completed += 1;
      else if (name === 'execution.failed') this.#ended.failed += 1;
      else if (name === 'execution.cancelled') this.#ended.cancelled += 1;
    });
  }

  /** @throws TRG_TEST_LIMIT with what is still on its way; TRG_TEST_SETUP when time is to pass on a clock that cannot be moved */
  async run({ limit, through }: DrainOptions): Promise<DrainSummary> {
    const deadline = new Deadline(limit);
    const clock = through === undefined ? null : movable(this.clock);
    let leftMs = through === undefined ? 0 : parseDuration(through, 'Option "through"');
    for (;;) {
      const laterMs = await deadline.until(
        () => this.#rest(),
        () => this.work.state(),
      );
      const nextMs = Math.min(...laterMs);
      if (clock === null || nextMs > leftMs) return this.#summary(laterMs.length);
      leftMs -= nextMs;
      await clock.advance(nextMs);
    }
  }

  /** What is due later, once nothing is on its way. */
  async #rest(): Promise<readonly number[] | undefined> {
    const { open, laterMs } = await this.work.look();
    return open.length === 0 ? laterMs : undefined;
  }

  #summary(later: number): DrainSummary {
    const summary = { ...this.#ended, later };
    this.#ended = { completed: 0, failed: 0, cancelled: 0 };
    return summary;
  }
}
