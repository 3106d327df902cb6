import { createHash } from 'node:crypto';

const DIMENSIONS = 16;

/** Words as a vector of length 1, by hashing: the same words give the same vector, with no model to download. */
export function vectorOf(words: readonly string[]): number[] {
  const vector = new Array<number>(DIMENSIONS).fill(0);
  for (const word of words) {
    const [place = 0, sign = 0] = createHash('sha256').update(word).digest();
    vector[place % DIMENSIONS]! += sign % 2 === 0 ? 1 : -1;
  }
  const length = Math.hypot(...vector) || 1;
  return vector.map((value) => Number((value / length).toFixed(6)));
}
