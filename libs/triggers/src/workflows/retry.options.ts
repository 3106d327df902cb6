import type { Duration } from '../model/duration.js';

/** How a task is tried again. */
export interface RetryOptions {
  /** How often the task is tried in all, the first time included; `1` never retries. @default 3 */
  readonly attempts?: number;
  /**
   * How the wait grows: `exponential` doubles it, `linear` adds `delay`, `fixed` keeps it. A function says the wait
   * after the failed attempt `attempt` (from 1), as a duration or in milliseconds; it is never jittered, and when it
   * throws or answers nonsense the exponential wait is taken.
   *
   * @default 'exponential'
   */
  readonly backoff?: 'exponential' | 'linear' | 'fixed' | ((attempt: number, error: unknown) => Duration | number);
  /** The wait after the first failure. @default '1s' */
  readonly delay?: Duration;
  /** No wait is longer, except one that the task asks for with `RetryAfterError`. @default '5m' */
  readonly maxDelay?: Duration;
  /** `full` takes a random part of each wait, so that what failed together is not tried together. @default 'full' */
  readonly jitter?: 'full' | 'none';
  /**
   * Whether this failure is worth another attempt (`attempt`, from 1, is the one that failed). When the function itself
   * throws, the task is tried again.
   */
  readonly retryIf?: (error: unknown, attempt: number) => boolean;
}

/** The defaults of {@link RetryOptions}. */
export const DEFAULT_RETRY_OPTIONS = {
  attempts: 3,
  backoff: 'exponential',
  delay: '1s',
  maxDelay: '5m',
  jitter: 'full',
} as const satisfies RetryOptions;
