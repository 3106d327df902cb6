import { whenAborted } from '../../../model/abort.js';
import { formatDuration } from '../../../model/duration.js';
import { TriggersError } from '../../../model/errors.js';
import { errorMessage } from '../../../model/text.js';
import { TriggerResult } from '../../../model/trigger-result.js';
import type { Poll, TriggerSource } from '../../poll/poll.js';
import { mappingOf } from '../built-in.options.js';
import type { Mapping } from '../built-in.options.js';
import { failure, httpGet } from '../http/http-client.js';
import type { ResolvedUrl } from '../http/http.options.js';
import { resolveHealthOptions } from './health.options.js';
import type { HealthChange, HealthOptions, HealthState, ResolvedHealthOptions } from './health.options.js';

interface HealthCursor {
  /** Failed checks in a row; counted until it is down. */
  readonly failures: number;
  /** When the first of them was. */
  readonly since: string | null;
  readonly state: HealthState;
}

const WELL: HealthCursor = { failures: 0, since: null, state: 'up' };

/**
 * Checks over and over whether something is well. It fires when a number of checks in a row have failed, once, and when the first
 * check is good again. The count stands in the cursor, so a restart neither repeats nor forgets anything.
 *
 * A failed check is no failed poll: the trigger does its work. When the poll itself is aborted nothing is known, and nothing counts.
 */
export class HealthSource<
  C extends object = HealthChange,
  On extends HealthState = HealthState,
> implements TriggerSource<C> {
  readonly #options: ResolvedHealthOptions;
  readonly #toContext: (change: HealthChange) => C;

  /** @throws TRG_DEF_INVALID_OPTION, TRG_DEF_INVALID_DURATION */
  constructor(options: HealthOptions<On> & Mapping<HealthChange<On>, C>, where = 'HealthSource') {
    this.#options = resolveHealthOptions(options, where);
    this.#toContext = mappingOf<HealthChange>(options) as (change: HealthChange) => C;
  }

  /** How long one check may take, in ms. */
  get checkTimeoutMs(): number {
    return this.#options.checkTimeoutMs;
  }

  async poll(poll: Poll): Promise<TriggerResult<C>> {
    const before = cursorOf(poll);
    const error = await this.#check(poll.signal);
    return error === null ? this.#good(before, poll.now) : this.#bad(before, poll.now, error);
  }

  #good({ state, since }: HealthCursor, now: Date): TriggerResult<C> {
    const reason = 'the check is good';
    if (state === 'up' || since === null) return TriggerResult.skip(reason, { cursor: WELL });
    const downForMs = Math.max(now.getTime() - Date.parse(since), 0);
    return this.#change({ state: 'up', since, downForMs }, WELL, reason);
  }

  #bad(before: HealthCursor, now: Date, error: string): TriggerResult<C> {
    if (before.state === 'down') return TriggerResult.skip('still down');
    const since = before.since ?? now.toISOString();
    const failures = before.failures + 1;
    const reason = `failed check ${failures} of ${this.#options.failures}`;
    if (failures < this.#options.failures)
      return TriggerResult.skip(reason, { cursor: { failures, since, state: 'up' } });
    return this.#change({ state: 'down', failures, since, error }, { failures, since, state: 'down' }, reason);
  }

  #change(change: HealthChange, cursor: HealthCursor, reason: string): TriggerResult<C> {
    if (!this.#options.on.includes(change.state)) return TriggerResult.skip(reason, { cursor });
    return TriggerResult.fire(this.#toContext(change), { cursor });
  }

  /** Why the check failed; `null` for a good one. @throws when the poll is aborted: then nothing is known */
  async #check(polls: AbortSignal): Promise<string | null> {
    const { checkTimeoutMs } = this.#options;
    const late = new TriggersError('TRG_POLL_SOURCE', `No answer within ${formatDuration(checkTimeoutMs)}`);
    // Not `AbortSignal.any`: Node keeps such a signal for as long as it has a listener, and a check may leave one.
    const controller = new AbortController();
    const { signal } = controller;
    const giveUp = (): void => controller.abort(polls.reason);
    if (polls.aborted) giveUp();
    polls.addEventListener('abort', giveUp, { once: true });
    const timer = setTimeout(() => controller.abort(late), checkTimeoutMs);
    try {
      const isWell = await Promise.race([this.#asked(signal), aborted(signal)]);
      return isWell === false ? 'The check said that it is not well' : null;
    } catch (error) {
      polls.throwIfAborted();
      return errorMessage(error);
    } finally {
      clearTimeout(timer);
      polls.removeEventListener('abort', giveUp);
    }
  }

  async #asked(signal: AbortSignal): Promise<unknown> {
    const { target } = this.#options;
    return 'check' in target ? target.check(signal) : isWellAt(target.url, signal);
  }
}

/** An operator may have set it to anything; what is no count begins anew. */
function cursorOf({ cursor }: Poll): HealthCursor {
  const stored = cursor as HealthCursor | null | undefined;
  return Number.isSafeInteger(stored?.failures) ? (stored as HealthCursor) : WELL;
}

async function isWellAt({ url, headers, privateNetwork }: ResolvedUrl, signal: AbortSignal): Promise<true> {
  const { status } = await httpGet(url, await headers(), signal, { privateNetwork });
  if (status < 200 || status > 299) throw failure(url, `answered ${status}`);
  return true;
}

/** Not every check looks at its signal. @throws its reason when it aborts */
async function aborted(signal: AbortSignal): Promise<never> {
  await whenAborted(signal);
  throw signal.reason;
}
