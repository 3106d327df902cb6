import { contextToJson } from '../model/context.js';
import { TriggersError } from '../model/errors.js';
import { errorMessage } from '../model/text.js';

/** The largest cursor, in bytes of its JSON text: 64 KiB. */
export const MAX_CURSOR_BYTES = 65_536;

const WRAPPER = '{"cursor":';

/**
 * The JSON text of a cursor.
 *
 * @param what where it comes from, for the message: `Inbox.poll returned`, `Trigger "inbox" was given`
 * @throws TRG_POLL_CURSOR for what JSON cannot carry and beyond 64 KiB
 */
export function cursorToJson(cursor: unknown, what: string): string {
  const maxBytes = WRAPPER.length + MAX_CURSOR_BYTES + 1;
  try {
    return contextToJson({ cursor }, { what: 'The value', maxBytes }).slice(WRAPPER.length, -1);
  } catch (cause) {
    const message =
      `${what} a cursor that cannot be stored. ${errorMessage(cause)} ` +
      `A cursor is JSON of at most ${MAX_CURSOR_BYTES} bytes, such as the time or the id of the last thing seen.`;
    throw new TriggersError('TRG_POLL_CURSOR', message, { cause });
  }
}
