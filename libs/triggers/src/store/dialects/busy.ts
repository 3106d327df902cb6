import { TransactionFailure } from './dialect.js';

const TRIES = 600;
const PAUSE_MS = 50;

/** Repeats work that another process keeps from the database: for half a minute, without blocking the event loop. */
export async function whileBusy<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof TransactionFailure && error.trouble === 'busy') || attempt === TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}
