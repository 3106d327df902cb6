import type { StoredTrigger } from '../../intake/poll-intake.js';
import type { Clock } from '../../model/clock.js';
import type { Poll } from './poll.js';
import type { PollEnd } from './poll.reports.js';

/** One poll on its way: what its method is told, and what its commit is guarded by. */
export class CurrentPoll implements Poll {
  /** It passed its timeout: its failure is recorded, its result does not count. */
  failed: Promise<PollEnd> | null = null;
  /** Its method has not ended. */
  bodyRuns = true;
  /** What it leaves behind for good when it moves the cursor, as the reason of a skip. */
  missed: string | null = null;
  /** Where its trigger stands if it fails. @default where it stood */
  cursorIfFailed: unknown = undefined;
  /** Since when its timeout runs (monotonic). What does several things in one poll may start it anew for each. */
  boundSince: number;
  /** As it was when the poll began: a record is never changed, another one takes its place. */
  readonly #stored: StoredTrigger;
  #controller: AbortController | undefined;
  #abortReason: Error | undefined;

  constructor(
    stored: StoredTrigger,
    /** When its method was called (monotonic). */
    readonly startedAt: number,
    readonly dryRun: boolean,
    private readonly clock: Clock,
  ) {
    this.#stored = stored;
    this.boundSince = startedAt;
  }

  get trigger(): string {
    return this.#stored.name;
  }

  get epoch(): number {
    return this.#stored.epoch;
  }

  get cursorVersion(): number {
    return this.#stored.cursorVersion;
  }

  get consecutiveFailures(): number {
    return this.#stored.consecutiveFailures;
  }

  /** Parsed at every access: a method that changes what it got harms nobody. */
  get cursor(): unknown {
    const { cursor } = this.#stored;
    return cursor === null ? undefined : (JSON.parse(cursor) as unknown);
  }

  /** When its trigger was declared first. */
  get firstSeenAt(): Date {
    return this.#stored.firstSeenAt;
  }

  get lastFiredAt(): Date | null {
    const { lastFireAt } = this.#stored;
    return lastFireAt && new Date(lastFireAt);
  }

  get now(): Date {
    return new Date(this.clock.now() - (this.clock.monotonic() - this.startedAt));
  }

  // Most polls never look at their signal, and a controller costs more than the rest of a poll together.
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#abortReason !== undefined) this.#controller.abort(this.#abortReason);
    return this.#controller.signal;
  }

  /** Tells the method to end. */
  abort(reason: Error): void {
    this.#abortReason ??= reason;
    this.#controller?.abort(this.#abortReason);
  }
}
