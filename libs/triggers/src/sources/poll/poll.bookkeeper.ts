import { Logger } from '@nestjs/common';
import type { Clock } from '../../model/clock.js';
import { errorMessage } from '../../model/text.js';
import { chunksOf } from './chunks.js';
import type { PollWriter } from './poll-writer.js';
import type { PolledTrigger } from './polled-trigger.js';

/**
 * Writes what idle polls counted: of each trigger every `COUNTS_EVERY_MS`, at a place of its own in it, and all that are
 * due at one renewal together, because a commit for each would cost more than the polls.
 *
 * A trigger is not polled while its counts are written. One that is being polled writes them with that poll.
 */
export class PollBookkeeper {
  readonly #logger = new Logger('Triggers');

  constructor(
    private readonly clock: Clock,
    private readonly writer: PollWriter,
    private readonly arm: (trigger: PolledTrigger, now: number) => void,
  ) {}

  /** Writes what is due of these triggers. Never throws; what was not written is due again at the next renewal. */
  async writeDue(triggers: readonly PolledTrigger[]): Promise<void> {
    const now = this.clock.monotonic();
    await this.write(triggers.filter(({ ticks }) => ticks.isDue(now)));
  }

  /** Writes what these triggers counted, due or not. Never throws. */
  async write(triggers: readonly PolledTrigger[]): Promise<void> {
    for (const chunk of chunksOf(triggers.filter(({ ticks }) => ticks.hasUnwritten))) {
      const written = await Promise.allSettled(chunk.map((trigger) => this.#write(trigger)));
      const failed = written.find((one) => one.status === 'rejected');
      if (failed === undefined) continue;
      this.#logger.warn(`What idle polls counted was not written, tried again soon: ${errorMessage(failed.reason)}`);
      return;
    }
  }

  async #write(trigger: PolledTrigger): Promise<void> {
    if (trigger.phase === 'polling') trigger.ticks.miss();
    if (trigger.phase !== 'waiting') return;
    trigger.settle();
    try {
      await this.writer.flush(trigger);
    } finally {
      if (isSettling(trigger)) this.#resume(trigger);
    }
  }

  #resume(trigger: PolledTrigger): void {
    const now = this.clock.monotonic();
    trigger.resume(now);
    this.arm(trigger, now);
  }
}

function isSettling({ phase }: PolledTrigger): boolean {
  return phase === 'committing';
}
