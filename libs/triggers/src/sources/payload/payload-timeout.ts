import { MAX_TIMER_MS } from '../../model/clock.js';
import { formatDuration, parseDuration } from '../../model/duration.js';
import type { Duration } from '../../model/duration.js';
import { TriggersError } from '../../model/errors.js';

/** The longest that the code of a trigger may be given for one payload: no timer is set further ahead. */
const MAX_TIMEOUT_MS = MAX_TIMER_MS;

/** The option `timeout` of a trigger that is given payloads, in milliseconds. @throws TRG_DEF_INVALID_OPTION, TRG_DEF_INVALID_DURATION */
export function payloadTimeout(timeout: Duration, where: string): number {
  const timeoutMs = parseDuration(timeout, `${where}, option "timeout"`);
  if (timeoutMs > 0 && timeoutMs <= MAX_TIMEOUT_MS) return timeoutMs;
  throw new TriggersError(
    'TRG_DEF_INVALID_OPTION',
    `${where}, option "timeout" is ${JSON.stringify(timeout)}; it takes "1ms" to "${formatDuration(MAX_TIMEOUT_MS)}".`,
  );
}
