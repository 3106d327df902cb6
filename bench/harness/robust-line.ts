import { median } from './statistics.js';

/** A point of a curve. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * The slope of a curve by Theil and Sen: the median of the slopes of all pairs of points. A third of the points may lie
 * anywhere (a collection, a burst, a busy neighbour) and it stays where the others lead.
 */
export function robustSlope(points: readonly Point[]): number {
  const slopes: number[] = [];
  for (const [index, a] of points.entries()) {
    for (const b of points.slice(index + 1)) if (b.x !== a.x) slopes.push((b.y - a.y) / (b.x - a.x));
  }
  return median(slopes);
}
