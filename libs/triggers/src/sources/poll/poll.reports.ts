import type { FirePreview, PollCounts } from '../../intake/poll-intake.js';
import type { FireOutcome } from '../../intake/fire.types.js';

/** What one poll did, for whoever asked for it. */
export type PollReport =
  | { readonly status: 'fired'; readonly outcomes: readonly FireOutcome[]; readonly durationMs: number }
  | { readonly status: 'skipped'; readonly reason: string | null; readonly durationMs: number }
  | { readonly status: 'failed'; readonly error: string; readonly durationMs: number }
  /** Its result was discarded: cursor, switch or owner changed meanwhile. */
  | { readonly status: 'superseded'; readonly durationMs: number }
  /** It was not polled, and why. */
  | { readonly status: 'refused'; readonly reason: string };

/** What a poll would do now. Nothing of it was written. */
export type DryRunReport =
  | {
      readonly status: 'fired' | 'skipped';
      readonly reason: string | null;
      /** What each item would become. */
      readonly items: readonly FirePreview[];
      /** The cursor that would be stored; `undefined` leaves it as it is. */
      readonly cursor: unknown;
      readonly more: boolean;
      readonly durationMs: number;
    }
  | { readonly status: 'failed'; readonly error: string; readonly code: string | null; readonly durationMs: number };

/** What this process knows of a trigger that it polls and the database does not know yet. */
export interface LivePoll {
  /** Its method runs now. */
  readonly polling: boolean;
  /** A poll outlived its timeout and its body still runs. */
  readonly stalled: boolean;
  /** `null` while it is disabled or suspended, and while a poll is under way. */
  readonly nextPollAt: Date | null;
  readonly lastPollAt: Date | null;
  readonly consecutiveFailures: number;
  readonly lastError: string | null;
  /** Counted since the last write. */
  readonly unwritten: PollCounts;
}

/** How one poll ended. */
export interface PollEnd {
  /** `null`: nothing to tell, and nobody waits for it. */
  readonly report: PollReport | null;
  /** Poll again at once. */
  readonly again: boolean;
}
