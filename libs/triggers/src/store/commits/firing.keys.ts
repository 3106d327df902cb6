import { keyOf } from './dedup.keys.js';
import type { Key } from './dedup.keys.js';
import type { FiringDraft } from './firing.draft.js';

/**
 * The keys that a commit locks before it takes the first, in their order: those of senders and of second clicks, which have spaces of their
 * own, then all others. None where the commit takes them in that order anyway.
 */
export function keysAhead(drafts: readonly FiringDraft[]): readonly Key[] {
  const isInParts = drafts.some(isTakenInParts);
  if (!isInParts && !drafts.some(({ idempotency }) => idempotency !== null)) return [];
  const seconds = drafts.flatMap(({ idempotency }) => idempotency ?? []);
  const others = drafts.flatMap(({ dedup, delivery, letter }) =>
    [dedup ?? [], delivery ?? [], letter?.key ?? []].flat(),
  );
  const [distinctSeconds, distinctOthers] = [inOrder(seconds), inOrder(others)];
  // Whoever has a key of somebody else's in the group takes his own keys after that.
  const hasRounds = seconds.length > distinctSeconds.length || others.length > distinctOthers.length;
  return isInParts || hasRounds ? [...distinctSeconds, ...distinctOthers] : [];
}

/** A replay takes its key by another statement, and after the dedup keys come those of deliveries and those that are only looked at. */
function isTakenInParts({ dedup, delivery, letter }: FiringDraft): boolean {
  return dedup?.replay === true || delivery !== null || letter?.key != null;
}

/** Each once. */
function inOrder(keys: readonly Key[]): readonly Key[] {
  const byName = new Map(keys.map((key) => [keyOf(key), key]));
  return [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, key]) => key);
}
