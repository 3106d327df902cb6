import { Logger } from '@nestjs/common';
import type { NodeId } from '../../model/ids.js';
import { errorMessage } from '../../model/text.js';
import { chunksOf } from './chunks.js';
import type { PollTurns } from './poll-turns.js';
import { PollWriter } from './poll-writer.js';
import { ownedElsewhere } from './poll.recorder.js';
import type { PollTools } from './poll.recorder.js';
import type { PolledTrigger } from './polled-trigger.js';

/**
 * Hands triggers over to nodes that want them: between two polls, the counts written, the owner changed in one statement.
 *
 * A trigger is not polled any more from the moment it is {@link add}ed; its row says when it was polled last, so the new
 * owner polls it when it is due. What cannot be handed over (the store is away, an operator changed it, the wanter
 * died) is polled on here, and found again at the next renewal if somebody still wants it.
 */
export class PollHandOver {
  readonly #writer: PollWriter;
  readonly #logger = new Logger('Triggers');
  readonly #leaving: PolledTrigger[] = [];

  constructor(
    private readonly tools: PollTools,
    private readonly arm: (trigger: PolledTrigger, now: number) => void,
    private readonly turns: PollTurns,
  ) {
    this.#writer = new PollWriter(tools.intake, tools.clock);
  }

  /** Begins to hand a trigger over, together with others that leave at the same time. */
  add(trigger: PolledTrigger): void {
    trigger.leave();
    this.#leaving.push(trigger);
    if (this.#leaving.length === 1) void this.turns.attempt(() => this.#handOver(this.#leaving.splice(0)));
  }

  async #handOver(triggers: readonly PolledTrigger[]): Promise<void> {
    const written = await Promise.all(triggers.map((trigger) => this.#write(trigger)));
    const ready = triggers.filter((_, at) => written[at] === true);
    for (const chunk of chunksOf(ready)) await this.#handChunkOver(chunk);
    const now = this.tools.clock.monotonic();
    for (const trigger of triggers.filter(isLeaving)) {
      trigger.stay(now);
      this.arm(trigger, now);
    }
  }

  async #handChunkOver(triggers: readonly PolledTrigger[]): Promise<void> {
    const leaving = triggers.filter(isLeaving);
    const handOvers = leaving.map(({ name, stored: { epoch, wantedBy } }) => ({ name, epoch, to: wantedBy as NodeId }));
    try {
      const gone = new Set(await this.tools.intake.handOver(handOvers));
      for (const trigger of leaving) if (gone.has(trigger.name)) trigger.lose(ownedElsewhere(trigger.name));
    } catch (error) {
      this.#logger.warn(`Triggers could not be handed over, tried again soon: ${errorMessage(error)}`);
    }
  }

  /** Whether everything that was counted is in the row. */
  async #write(trigger: PolledTrigger): Promise<boolean> {
    if (!isLeaving(trigger)) return false;
    if (!trigger.ticks.hasUnwritten) return true;
    try {
      return await this.#writer.flush(trigger);
    } catch (error) {
      this.#logger.warn(
        `The counts of trigger "${trigger.name}" were not written, so it stays here: ${errorMessage(error)}`,
      );
      return false;
    }
  }
}

function isLeaving({ phase }: PolledTrigger): boolean {
  return phase === 'leaving';
}
