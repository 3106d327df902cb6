import type { StoredTrigger } from '../../intake/poll-intake.js';
import type { Poll } from './poll.js';
import type { PollEnd } from './poll.reports.js';

/** One poll on its way: what its method is told, and what its commit is guarded by. */
export class CurrentPoll implements Poll {
  readonly trigger: string;
  readonly epoch: number;
  readonly cursorVersion: number;
  readonly consecutiveFailures: number;
  /** It passed its timeout: its failure is recorded, its result does not count. */
  failed: Promise<PollEnd> | null = null;
  /** Its method has not ended. */
  bodyRuns = true;
  readonly #cursor: string | null;
  readonly #lastFireAt: Date | null;
  #controller: AbortController | undefined;
  #abortReason: Error | undefined;

  constructor(
    stored: StoredTrigger,
    /** When its method was called (monotonic). */
    readonly startedAt: number,
    readonly dryRun: boolean,
  ) {
    this.trigger = stored.name;
    this.epoch = stored.epoch;
    this.cursorVersion = stored.cursorVersion;
    this.consecutiveFailures = stored.consecutiveFailures;
    this.#cursor = stored.cursor;
    this.#lastFireAt = stored.lastFireAt;
  }

  /** Parsed at every access: a method that changes what it got harms nobody. */
  get cursor(): unknown {
    return this.#cursor === null ? undefined : (JSON.parse(this.#cursor) as unknown);
  }

  get lastFiredAt(): Date | null {
    return this.#lastFireAt && new Date(this.#lastFireAt);
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
