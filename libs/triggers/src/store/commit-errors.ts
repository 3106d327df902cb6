import { TriggersError } from '../model/errors.js';

/** What waited could not be committed in time. */
export function away(why: string): TriggersError {
  return new TriggersError(
    'TRG_STORE_UNAVAILABLE',
    `The database was not reached: ${why}. Nothing was stored; try again.`,
  );
}

/** What is on its way did not come back in time; it may still be stored. */
export function unanswered(): TriggersError {
  return new TriggersError('TRG_STORE_UNAVAILABLE', 'The database did not answer in time. Try again.');
}

/** Too much waits already. */
export function tooMuch(): TriggersError {
  return new TriggersError(
    'TRG_STORE_UNAVAILABLE',
    'Too much waits for the database. Nothing was stored; try again in a moment.',
  );
}

/** The store has been closed. */
export function closed(): TriggersError {
  return new TriggersError('TRG_ENG_STOPPED', 'The store is closed. Start the application again.');
}
