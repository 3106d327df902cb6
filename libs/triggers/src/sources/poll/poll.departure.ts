import { Logger } from '@nestjs/common';
import type { PollIntake } from '../../intake/poll-intake.js';
import { TriggersError } from '../../model/errors.js';
import { errorMessage } from '../../model/text.js';
import type { PollWriter } from './poll-writer.js';
import type { PollOwnership } from './poll.ownership.js';
import type { PolledTrigger } from './polled-trigger.js';

/** The end of triggers in this process: what is only in memory is written, then they are given up. */
export class PollDeparture {
  readonly #logger = new Logger('Triggers');

  constructor(
    private readonly intake: PollIntake,
    private readonly writer: PollWriter,
    private readonly ownership: PollOwnership,
    private readonly lose: (trigger: PolledTrigger, reason: Error) => void,
  ) {}

  /** Gives triggers up. Errors are logged: the lease ends anyway. */
  async leave(triggers: readonly PolledTrigger[]): Promise<void> {
    const owned = triggers.filter(({ isOwned }) => isOwned);
    // Others may be handing over what this node does not know to be its own.
    const given = this.intake.isAlone ? owned : triggers;
    const unwritten = owned.filter(({ phase, ticks }) => phase === 'waiting' && ticks.hasUnwritten);
    await this.#settle(unwritten.map((trigger) => this.writer.flush(trigger)));
    const reason = new TriggersError('TRG_ENG_STOPPED', 'This process stops polling.');
    for (const trigger of owned) this.lose(trigger, reason);
    const names = given.map(({ name }) => name);
    await this.#settle([this.ownership.release(names), ...triggers.map(({ life }) => life.end())]);
  }

  async #settle(work: readonly Promise<unknown>[]): Promise<void> {
    for (const outcome of await Promise.allSettled(work))
      if (outcome.status === 'rejected') this.#logger.warn(errorMessage(outcome.reason));
  }
}
