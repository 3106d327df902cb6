import { Logger } from '@nestjs/common';
import { errorMessage } from '../../model/text.js';

/** What reads and takes triggers from the store, one after the other. */
export class PollTurns {
  readonly #logger = new Logger('Triggers');
  #last: Promise<void> = Promise.resolve();

  /** Does this after everything that came before. */
  take(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }

  /** As {@link take}, but never throws: what fails now is found at the next renewal. */
  attempt(work: () => Promise<void>): Promise<void> {
    return this.take(work).catch((error: unknown) => this.#logger.warn(errorMessage(error)));
  }
}
