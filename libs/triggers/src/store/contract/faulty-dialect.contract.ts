import type { Work } from '../dialects/batch.js';
import { TransactionFailure } from '../dialects/dialect.js';
import type { Dialect } from '../dialects/dialect.js';

/**
 * What befalls a transaction: nothing; somebody holds the database; a deadlock when its work is done; no connection; a
 * connection that breaks while COMMIT is on its way, before or after the database has done it.
 */
export type Fault = 'none' | 'busy' | 'deadlock' | 'away' | 'lostBefore' | 'lostAfter';

/** Every fault that a transaction may meet. */
export const FAULTS = ['busy', 'deadlock', 'away', 'lostBefore', 'lostAfter'] as const satisfies readonly Fault[];

/** Lets transactions of a dialect meet these faults, one each, then none. */
export class FaultyDialect {
  /** Faults to come. */
  faults: Fault[] = [];
  /** Happens between a COMMIT that was done and the moment that nobody knows about it. */
  whileLost: () => Promise<void> = () => Promise.resolve();
  readonly #transaction: Dialect['transaction'];

  constructor(dialect: Dialect) {
    this.#transaction = dialect.transaction.bind(dialect);
    dialect.transaction = (work) => this.#run(work, this.faults.shift() ?? 'none');
  }

  async #run<R>(work: () => Work<R>, fault: Fault): Promise<R> {
    if (fault === 'busy' || fault === 'away') throw new TransactionFailure(fault, 'rolledBack', new Error(fault));
    if (fault === 'none' || fault === 'lostAfter') {
      const outcome = await this.#transaction(work);
      if (fault === 'none') return outcome;
      await this.whileLost();
      throw new TransactionFailure('away', 'unknown', new Error(fault));
    }
    return this.#rollBack(work, fault);
  }

  /** All of the work is done, and then undone. */
  async #rollBack<R>(work: () => Work<R>, fault: 'deadlock' | 'lostBefore'): Promise<R> {
    const met = new Error(fault);
    try {
      return await this.#transaction(function* () {
        yield* work();
        throw met;
      });
    } catch (error) {
      if ((error as TransactionFailure).cause !== met) throw error;
      throw fault === 'deadlock'
        ? new TransactionFailure('conflict', 'rolledBack', met)
        : new TransactionFailure('away', 'unknown', met);
    }
  }
}
