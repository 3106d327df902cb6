import { setImmediate as turn } from 'node:timers/promises';

/** Triggers that one statement speaks of: at most some milliseconds of a synchronous database. */
const CHUNK = 500;

/** These triggers, as many at a time as one statement may speak of. */
export function* chunksOf<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < all.length; at += CHUNK) yield all.slice(at, at + CHUNK);
}

/** As {@link chunksOf}, with a turn of the event loop between two of them: a synchronous database leaves none by itself. */
export async function* chunksInTurns<T>(all: readonly T[]): AsyncGenerator<readonly T[]> {
  let isFirst = true;
  for (const chunk of chunksOf(all)) {
    if (!isFirst) await turn();
    isFirst = false;
    yield chunk;
  }
}
