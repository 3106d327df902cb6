import type { DedupHold } from '../claimer.js';
import type { FiringId } from '../../model/ids.js';

/** The columns by which a firing's hold on a key is found. */
export const HOLD = { _trigger: 'text', _key: 'bytes', _firing: 'text' } as const;

/** A key as its row has it. */
export type Key = Pick<DedupHold, 'space' | 'key'>;

/** A key that a firing has taken. */
export interface TakenBy {
  readonly hold: Key;
  readonly firingId: FiringId;
}

/** A key together with the firing that wants or holds it. */
export interface HeldBy extends TakenBy {
  readonly hold: DedupHold;
}

/** A key as a text, for maps. */
export function keyOf(hold: Key): string {
  return `${hold.space}\u0000${hold.key.toString('hex')}`;
}

/** In the order in which every commit asks for its keys. Each text is made once, not at every comparison: that cost as much as a row. */
export function inKeyOrder<T>(items: readonly T[], keyFor: (item: T) => Key): T[] {
  const named = items.map((item) => ({ item, name: keyOf(keyFor(item)) }));
  return named.sort((a, b) => (a.name < b.name ? -1 : 1)).map(({ item }) => item);
}
