import { invalid, oneOf } from '../option.checks.js';

/** Which way a depth went. */
export type DepthState = 'above' | 'below';

/** A crossing of the threshold. */
export interface DepthCrossing<S extends DepthState = DepthState> {
  readonly state: S;
  readonly depth: number;
  /** The threshold that was crossed: `above` or `below` of the options. */
  readonly threshold: number;
}

/** What `queueDepthTrigger` and {@link QueueDepthSource} watch. */
export interface QueueDepthOptions<On extends DepthState = DepthState> {
  /** How many wait now. What it throws fails the poll. */
  readonly depth: (signal: AbortSignal) => number | Promise<number>;
  /** It is crossed by so many, or more. */
  readonly above: number;
  /** It is crossed back by fewer than that; between the two nothing happens. @default as `above` */
  readonly below?: number;
  /** Which crossings fire. @default DEFAULT_QUEUE_DEPTH_OPTIONS.on */
  readonly on?: readonly On[];
}

/** The defaults of {@link QueueDepthOptions}. */
export const DEFAULT_QUEUE_DEPTH_OPTIONS = { on: ['above'] } as const satisfies Partial<QueueDepthOptions>;

/** {@link QueueDepthOptions} with nothing left open. */
export type ResolvedQueueDepthOptions = Required<QueueDepthOptions>;

/** @throws TRG_DEF_INVALID_OPTION */
export function resolveQueueDepthOptions(given: QueueDepthOptions, where: string): ResolvedQueueDepthOptions {
  const { depth, above, below = above, on } = { ...DEFAULT_QUEUE_DEPTH_OPTIONS, ...given };
  if (typeof depth !== 'function') throw invalid(where, 'depth', depth, 'a function that returns a number');
  if (!(Number.isFinite(above) && above > 0)) throw invalid(where, 'above', above, 'a number above 0');
  if (!(below <= above && below > 0))
    throw invalid(where, 'below', below, `a number above 0, at most "above" (${above})`);
  const states: readonly unknown[] = Array.isArray(on) && on.length > 0 ? on : [on];
  return { depth, above, below, on: states.map((one) => oneOf<DepthState>(where, 'on', one, ['above', 'below'])) };
}
