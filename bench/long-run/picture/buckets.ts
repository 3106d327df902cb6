import { median } from '../../harness/statistics.js';
import type { LongRunSample } from '../watch/sampler.js';

/** What a curve did in a short while. */
export interface Bucket {
  readonly minutes: number;
  readonly low: number;
  readonly middle: number;
  readonly high: number;
}

const BUCKETS = 120;

/** A curve in at most 120 pieces: thousands of points would be drawn on top of each other. */
export function buckets(samples: readonly LongRunSample[], key: string, length: number): Bucket[] {
  const pieces = new Map<number, number[]>();
  for (const sample of samples) {
    const value = sample[key] ?? NaN;
    if (!Number.isFinite(value)) continue;
    const piece = Math.min(BUCKETS - 1, Math.floor(((sample['minutes'] ?? 0) / length) * BUCKETS));
    pieces.set(piece, [...(pieces.get(piece) ?? []), value]);
  }
  return [...pieces].map(([piece, values]) => ({
    minutes: ((piece + 0.5) * length) / BUCKETS,
    low: Math.min(...values),
    middle: median(values),
    high: Math.max(...values),
  }));
}
