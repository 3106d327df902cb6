import { formatDuration, parseDuration } from '../../model/duration.js';
import type { Duration } from '../../model/duration.js';
import { TriggersError } from '../../model/errors.js';
import { DEFAULT_POLL_OPTIONS } from '../poll/trigger.options.js';

/** What an option says that it does not take, as a definition error. */
export function invalid(where: string, option: string, value: unknown, takes: string): TriggersError {
  const shown = typeof value === 'function' ? 'a function' : (JSON.stringify(value) ?? String(value));
  return new TriggersError('TRG_DEF_INVALID_OPTION', `${where}, option "${option}" is ${shown}; it takes ${takes}.`);
}

/** @throws TRG_DEF_INVALID_OPTION unless it is one of these */
export function oneOf<T>(where: string, option: string, value: unknown, allowed: readonly T[]): T {
  if (allowed.includes(value as T)) return value as T;
  throw invalid(where, option, value, allowed.map((one) => JSON.stringify(one)).join(' or '));
}

/** @throws TRG_DEF_INVALID_OPTION unless it is a text with something in it */
export function text(where: string, option: string, value: unknown, takes: string): string {
  if (typeof value === 'string' && value.trim() !== '') return value;
  throw invalid(where, option, value, takes);
}

/** Milliseconds of a duration. @throws TRG_DEF_INVALID_DURATION */
export function durationMs(where: string, option: string, value: unknown): number {
  return parseDuration(value, `${where}, option "${option}"`);
}

/**
 * What a poll does in one go has to end before the poll is ended: it would begin anew every time.
 *
 * @param timeout the option of `@Trigger`
 * @param what takes so long, for the message
 * @throws TRG_DEF_INVALID_OPTION, TRG_DEF_INVALID_DURATION
 */
export function checkTimeoutBeyond(where: string, timeout: Duration | undefined, ms: number, what: string): void {
  const given = timeout ?? DEFAULT_POLL_OPTIONS.timeout;
  if (durationMs(where, 'timeout', given) <= ms)
    throw invalid(where, 'timeout', given, `more than ${formatDuration(ms)}, which is how long ${what}`);
}
