import { parseDuration } from '../../model/duration.js';
import type { Duration } from '../../model/duration.js';
import { TriggersError } from '../../model/errors.js';
import { DEFAULT_POLL_OPTIONS } from './trigger.options.js';

/** How long one poll may take. @throws TRG_DEF_INVALID_DURATION, TRG_DEF_INVALID_OPTION */
export function checkTimeout(timeout: Duration | undefined, where: string): number {
  const timeoutMs = parseDuration(timeout ?? DEFAULT_POLL_OPTIONS.timeout, `${where}, option "timeout"`);
  if (timeoutMs > 0) return timeoutMs;
  throw new TriggersError(
    'TRG_DEF_INVALID_OPTION',
    `${where}, option "timeout": ${timeout} leaves no time to poll. Write a longer one.`,
  );
}

/** After how many failures in a row a trigger is suspended. @throws TRG_DEF_INVALID_OPTION */
export function checkSuspendAfter(value: number | undefined, where: string): number {
  if (value === undefined) return DEFAULT_POLL_OPTIONS.suspendAfter;
  if (Number.isSafeInteger(value) && value >= 0) return value;
  const message = `${where}, option "suspendAfter" is ${value}; it takes a whole number of failures, 0 for never.`;
  throw new TriggersError('TRG_DEF_INVALID_OPTION', message);
}
