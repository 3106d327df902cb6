/** Triggers that one statement speaks of: at most some milliseconds of a synchronous database. */
const CHUNK = 500;

/** These triggers, as many at a time as one statement may speak of. */
export function* chunksOf<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < all.length; at += CHUNK) yield all.slice(at, at + CHUNK);
}
