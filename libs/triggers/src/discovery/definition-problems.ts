import { Injectable } from '@nestjs/common';
import { DefinitionErrors, isTriggersError } from '../model/errors.js';
import type { TriggersError } from '../model/errors.js';

/**
 * Collects what is wrong with the definitions of an application, so that all of it is told at once and not one error
 * per start.
 */
@Injectable()
export class DefinitionProblems {
  readonly #problems: TriggersError[] = [];

  /** Keeps a problem for the report. */
  add(problem: TriggersError): void {
    this.#problems.push(problem);
  }

  /**
   * The result of `check`, or `undefined` when it threw a definition error, which is kept.
   *
   * @throws whatever else `check` throws
   * @example const timeoutMs = problems.attempt(() => parseDuration(options.timeout, 'Trigger "inbox", option "timeout"'));
   */
  attempt<T>(check: () => T): T | undefined {
    try {
      return check();
    } catch (error) {
      this.#keep(error);
      return undefined;
    }
  }

  /** As {@link attempt}, for what takes a while. */
  async attemptLater<T>(check: () => Promise<T>): Promise<T | undefined> {
    try {
      return await check();
    } catch (error) {
      this.#keep(error);
      return undefined;
    }
  }

  /** @throws DefinitionErrors (TRG_DEF_INVALID) with everything that was kept, if anything was */
  throwIfAny(): void {
    if (this.#problems.length > 0) throw new DefinitionErrors([...this.#problems]);
  }

  #keep(error: unknown): void {
    if (!isTriggersError(error) || error.family !== 'definition') throw error;
    if (error instanceof DefinitionErrors) this.#problems.push(...error.problems);
    else this.#problems.push(error);
  }
}
