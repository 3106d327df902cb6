import { MAX_DURATION_MS, parseDuration } from '../model/duration.js';
import { NonRetryableError, RetryAfterError, TriggersError } from '../model/errors.js';
import { DEFAULT_RETRY_OPTIONS as DEFAULT } from './retry.options.js';
import type { RetryOptions } from './retry.options.js';

type Backoff = NonNullable<RetryOptions['backoff']>;

const GROWTH: Readonly<Record<Extract<Backoff, string>, (attempt: number) => number>> = {
  // Bounded, because infinitely often nothing is not a number.
  exponential: (attempt) => 2 ** Math.min(attempt - 1, 50),
  linear: (attempt) => attempt,
  fixed: () => 1,
};

/** When a task is tried again; checked, every default filled in. */
export interface RetryPolicy {
  /** How often the task is tried in all. */
  readonly attempts: number;
  /**
   * The wait in milliseconds before the next attempt, or `null` when this failure is final. Never throws, whatever the
   * functions in the options do.
   *
   * @param attempt the attempt that failed, from 1
   * @param error what it threw
   * @param random a number from 0 to below 1, for the jitter
   */
  next(attempt: number, error: unknown, random: () => number): number | null;
}

interface ResolvedRetryOptions {
  readonly attempts: number;
  readonly backoff: Backoff;
  readonly delayMs: number;
  readonly maxDelayMs: number;
  readonly jitter: 'full' | 'none';
  readonly retryIf: RetryOptions['retryIf'];
}

/**
 * The policy of retry options.
 *
 * @param where whose they are, for messages: `Workflow "files", task "read"`
 * @throws TRG_DEF_INVALID_OPTION, TRG_DEF_INVALID_DURATION naming task and option
 * @example resolveRetryPolicy({ attempts: 5 }, 'Workflow "files", task "read"').next(1, error, Math.random)
 */
export function resolveRetryPolicy(options: RetryOptions, where: string): RetryPolicy {
  const resolved = resolveRetryOptions(options, where);
  return {
    attempts: resolved.attempts,
    next: (attempt, error, random) => {
      if (attempt >= resolved.attempts || isNonRetryable(error)) return null;
      if (!wantsRetry(resolved, error, attempt)) return null;
      return askedDelay(error) ?? backoffDelay(resolved, attempt, error, random);
    },
  };
}

function resolveRetryOptions(options: RetryOptions, where: string): ResolvedRetryOptions {
  const { attempts = DEFAULT.attempts, backoff = DEFAULT.backoff, jitter = DEFAULT.jitter, retryIf } = options;
  const { delay = DEFAULT.delay, maxDelay = DEFAULT.maxDelay } = options;
  const problem = problemOf({ attempts, backoff, jitter, retryIf });
  if (problem !== undefined) throw new TriggersError('TRG_DEF_INVALID_OPTION', `${where}, option ${problem}.`);
  const delayMs = parseDuration(delay, `${where}, option "retry.delay"`);
  const maxDelayMs = parseDuration(maxDelay, `${where}, option "retry.maxDelay"`);
  if (delayMs > maxDelayMs) {
    const message = `${where}: "retry.delay" ${delay} is longer than "retry.maxDelay" ${maxDelay}. Raise "retry.maxDelay".`;
    throw new TriggersError('TRG_DEF_INVALID_OPTION', message);
  }
  return { attempts, backoff, delayMs, maxDelayMs, jitter, retryIf };
}

type Checked = Pick<ResolvedRetryOptions, 'attempts' | 'backoff' | 'jitter' | 'retryIf'>;

function problemOf({ attempts, backoff, jitter, retryIf }: Checked): string | undefined {
  if (!Number.isSafeInteger(attempts) || attempts < 1) {
    return `"retry.attempts" is ${String(attempts)}; it counts every attempt and is a whole number from 1`;
  }
  if (typeof backoff !== 'function' && !Object.hasOwn(GROWTH, String(backoff))) {
    return `"retry.backoff" is ${String(backoff)}; it takes "exponential", "linear", "fixed" or a function`;
  }
  if (jitter !== 'full' && jitter !== 'none') return `"retry.jitter" is ${String(jitter)}; it takes "full" or "none"`;
  if (retryIf !== undefined && typeof retryIf !== 'function') return '"retry.retryIf" is no function';
  return undefined;
}

function wantsRetry(options: ResolvedRetryOptions, error: unknown, attempt: number): boolean {
  try {
    return options.retryIf?.(error, attempt) ?? true;
  } catch {
    return true;
  }
}

function backoffDelay(options: ResolvedRetryOptions, attempt: number, error: unknown, random: () => number): number {
  const { backoff, delayMs, maxDelayMs } = options;
  const ownMs = typeof backoff === 'function' ? functionDelay(backoff, attempt, error) : undefined;
  if (ownMs !== undefined) return Math.min(ownMs, maxDelayMs);
  const growth = GROWTH[typeof backoff === 'function' ? 'exponential' : backoff](attempt);
  const waitMs = Math.min(delayMs * growth, maxDelayMs);
  return Math.floor(options.jitter === 'full' ? waitMs * random() : waitMs);
}

function functionDelay(backoff: Extract<Backoff, (...args: never[]) => unknown>, attempt: number, error: unknown) {
  try {
    const answer = backoff(attempt, error);
    return typeof answer === 'number' ? validDelay(answer) : parseDuration(answer, 'Retry backoff');
  } catch {
    return undefined;
  }
}

/** The wait that a `RetryAfterError` asks for; found by name too, because it may come from another copy of the package. */
function askedDelay(error: unknown): number | undefined {
  const asks = error instanceof RetryAfterError || (error instanceof Error && error.name === 'RetryAfterError');
  return asks ? validDelay((error as RetryAfterError).delayMs) : undefined;
}

function validDelay(delayMs: unknown): number | undefined {
  return typeof delayMs === 'number' && delayMs >= 0 ? Math.floor(Math.min(delayMs, MAX_DURATION_MS)) : undefined;
}

function isNonRetryable(error: unknown): boolean {
  return error instanceof NonRetryableError || (error instanceof Error && error.name === 'NonRetryableError');
}
