import { cursorToJson } from '../intake/cursor.js';
import type { Poll } from '../sources/poll/poll.js';

/**
 * What a trigger method is told, for a test that calls it like any other method. What is not given is as in a first poll;
 * the cursor goes through JSON, as a stored one has.
 *
 * @throws TRG_POLL_CURSOR for a cursor that could not be stored
 * @example const result = await new Guests().arrived(pollOf({ cursor: { after: 'Ada' } }));
 */
export function pollOf<Cursor = never>(given: Partial<Poll<Cursor>> = {}): Poll<Cursor> {
  const { cursor, ...rest } = given;
  return {
    trigger: 'trigger',
    lastFiredAt: null,
    now: new Date(),
    signal: new AbortController().signal,
    dryRun: false,
    consecutiveFailures: 0,
    ...rest,
    cursor: cursor === undefined ? undefined : (JSON.parse(cursorToJson(cursor, 'pollOf() was given')) as Cursor),
  };
}
