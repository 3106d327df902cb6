import type { SourceKind } from '../model/states.js';

/** What the database keeps of a trigger. */
export interface TriggerRecord {
  readonly name: string;
  readonly kind: SourceKind;
  readonly enabledOverride: boolean | null;
  readonly intervalOverrideMs: number | null;
  readonly cursor: unknown;
  /** The name of the node that polls it. */
  readonly owner: string | null;
  readonly counts: TriggerCounts;
  readonly consecutiveFailures: number;
  readonly lastError: string | null;
  readonly suspendedAt: string | null;
  readonly lastPollAt: string | null;
  readonly lastFireAt: string | null;
  readonly firstSeenAt: string;
  /** When a live node last declared it. */
  readonly seenAt: string;
}

/** What a trigger has done so far. */
export interface TriggerCounts {
  readonly polls: number;
  readonly fires: number;
  readonly skips: number;
  readonly duplicates: number;
  readonly failures: number;
}
