import { median } from '../../harness/statistics.js';
import type { LongRunSample } from '../watch/sampler.js';
import { robustSlope } from '../../harness/robust-line.js';
import type { Point } from '../../harness/robust-line.js';
import { SERIES } from './series.js';
import type { Allowance, Series } from './series.js';

/** What is to be said of one curve. */
export interface Verdict {
  readonly series: Series;
  /** Over the second half. */
  readonly median: number;
  /** By which it rises over the second half. */
  readonly drift: number;
  readonly allowed: number | null;
  /** `null`: not judged, or not measured here, or the run was too short. */
  readonly flat: boolean | null;
}

const FEWEST_POINTS = 5;

/**
 * The rule: over the second half of the run the robust slope, times the length of that half, is at most what the curve
 * is allowed. Falling is no fault.
 */
export function judge(samples: readonly LongRunSample[]): Verdict[] {
  const length = samples.at(-1)?.['minutes'] ?? 0;
  const half = samples.filter(({ minutes = 0 }) => minutes >= length / 2);
  return SERIES.map((series) => judgeOne(series, half, length));
}

function judgeOne(series: Series, half: readonly LongRunSample[], length: number): Verdict {
  const { points, middle, drift } = trendOf(series.key, half, length);
  const { flat } = series;
  const allowed = flat === undefined ? null : allowedBy(flat, middle, half, length);
  const known = points.length >= FEWEST_POINTS && length >= (flat?.fromMinutes ?? 0);
  return { series, median: middle, drift, allowed, flat: allowed === null || !known ? null : drift <= allowed };
}

function trendOf(key: string, half: readonly LongRunSample[], length: number) {
  const points: Point[] = half
    .map((sample) => ({ x: sample['minutes'] ?? NaN, y: sample[key] ?? NaN }))
    .filter(({ y }) => Number.isFinite(y));
  return { points, middle: median(points.map(({ y }) => y)), drift: robustSlope(points) * (length / 2) };
}

function allowedBy(flat: Allowance, middle: number, half: readonly LongRunSample[], length: number): number {
  const own = Math.max(flat.rise, (flat.share ?? 0) * middle);
  if (flat.beside === undefined) return own;
  const beside = trendOf(flat.beside, half, length);
  return own + (beside.drift > 0 ? (beside.drift / beside.middle) * middle : 0);
}
