import { parseDuration } from '../model/duration.js';
import type { Duration } from '../model/duration.js';
import { TriggersError } from '../model/errors.js';

/** How long the kit waits, in real time, unless it is told: less than the five seconds after which test runners give up. */
export const DEFAULT_LIMIT: Duration = '4s';
/** Real time between two looks at something that only looking tells. */
const LOOK_EVERY_MS = 2;

/** How long something may take in real time, whatever the clock of the application says. */
export interface TimeLimit {
  /** @default DEFAULT_LIMIT */
  readonly limit?: Duration;
}

/** Real time that runs out. */
export class Deadline {
  readonly #at: number;

  constructor(private readonly limit: Duration = DEFAULT_LIMIT) {
    this.#at = performance.now() + parseDuration(limit, 'Option "limit"');
  }

  /** What `work` resolves to. @throws TRG_TEST_LIMIT with what is told of the state when it takes too long */
  async for<T>(work: Promise<T>, stateOf: () => string | Promise<string>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const passed = new Promise<void>((resolve) => (timer = setTimeout(resolve, this.#at - performance.now())));
    const late = passed.then(async () => {
      throw this.#error(await stateOf());
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Looks until there is something. @throws TRG_TEST_LIMIT with what is told of the state when that takes too long */
  async until<T>(look: () => Promise<T | undefined>, stateOf: () => string | Promise<string>): Promise<T> {
    for (;;) {
      const found = await look();
      if (found !== undefined) return found;
      if (performance.now() >= this.#at) throw this.#error(await stateOf());
      await soon();
    }
  }

  #error(state: string): TriggersError {
    return new TriggersError('TRG_TEST_LIMIT', `Waited ${this.limit} in vain. ${state}`);
  }
}

/** A moment of real time. */
export function soon(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
}
