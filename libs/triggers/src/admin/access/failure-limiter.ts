import { TriggersError } from '../../model/errors.js';
import type { Clock } from '../../model/clock.js';

/** Failures that an address may have in {@link FAILURE_WINDOW_MS}. */
export const MAX_FAILURES = 10;
/** How long a failure counts: one minute. */
export const FAILURE_WINDOW_MS = 60_000;
/** Addresses that are remembered; beyond that the one that was quiet longest is forgotten. */
const MAX_ADDRESSES = 10_000;

/** Slows down whoever guesses: after ten failures in a minute an address is refused, whatever it then presents. */
export class FailureLimiter {
  readonly #failures = new Map<string, number[]>();

  constructor(private readonly clock: Clock) {}

  /** @throws TRG_API_TOO_MANY_REQUESTS with `retryAfterMs` */
  check(address: string): void {
    const recent = this.#recent(address);
    const oldest = recent[0];
    if (oldest === undefined || recent.length < MAX_FAILURES) return;
    const retryAfterMs = Math.max(oldest + FAILURE_WINDOW_MS - this.clock.monotonic(), 1);
    const seconds = Math.ceil(retryAfterMs / 1_000);
    throw new TriggersError('TRG_API_TOO_MANY_REQUESTS', `Too many failed attempts. Try again in ${seconds} s.`, {
      details: { retryAfterMs },
    });
  }

  /** Counts a failure. */
  fail(address: string): void {
    const recent = [...this.#recent(address), this.clock.monotonic()];
    this.#failures.delete(address);
    this.#failures.set(address, recent);
    if (this.#failures.size <= MAX_ADDRESSES) return;
    for (const quietest of this.#failures.keys()) return void this.#failures.delete(quietest);
  }

  #recent(address: string): number[] {
    const since = this.clock.monotonic() - FAILURE_WINDOW_MS;
    return (this.#failures.get(address) ?? []).filter((at) => at > since);
  }
}
