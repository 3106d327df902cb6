import { TriggersError, isTriggersError } from '../model/errors.js';

/** Errors that say that the database is away, by their `code`: sockets, and the classes 08, 53 and 57P of Postgres. */
const AWAY = /^(ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN|SQLITE_BUSY|SQLITE_IOERR|08|53|57P)/;

/**
 * Runs something that reads.
 *
 * @throws TRG_STORE_UNAVAILABLE when the database does not answer, and whatever else `read` throws
 */
export async function available<R>(read: () => Promise<R>): Promise<R> {
  try {
    return await read();
  } catch (error) {
    if (isTriggersError(error) || !isAway(error)) throw error;
    throw new TriggersError('TRG_STORE_UNAVAILABLE', 'The database does not answer. Try again in a moment.', {
      cause: error,
    });
  }
}

function isAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, driverError } = error as { code?: unknown; driverError?: unknown };
  if (typeof code === 'string' && AWAY.test(code)) return true;
  return /Connection terminated|timeout exceeded when trying to connect/.test(error.message) || isAway(driverError);
}
