import type { ExecutionId, FiringId, TaskExecutionId } from '../../model/ids.js';
import type { FiringState, SourceKind } from '../../model/states.js';
import type { DedupHold, TaskPlace } from '../claimer.js';
import type { RateRule } from './rate-limit.js';

/** A task of an execution that is about to exist. */
export interface TaskDraft {
  readonly id: TaskExecutionId;
  readonly task: string;
  readonly ordinal: number;
  readonly place: TaskPlace;
  readonly runWhen: string;
  readonly maxAttempts: number;
  readonly pool: string;
}

/** An execution that is about to exist. */
export interface ExecutionDraft {
  readonly id: ExecutionId;
  readonly workflow: string;
  readonly hash: string;
  readonly tasks: readonly TaskDraft[];
}

/** A dedup key that a firing wants. */
export interface DedupWish extends DedupHold {
  /** How long a window lasts; `null` for `running` and `ever`. */
  readonly windowMs: number | null;
  /** The key as people see it. */
  readonly label: string;
  /** A replay takes a free key, or one that only a window or a cool-down holds; a live `running` key still refuses it. */
  readonly replay: boolean;
}

/** A firing as intake decided it, ready to be committed. All ids are chosen. */
export interface FiringDraft {
  readonly id: FiringId;
  readonly trigger: string | null;
  readonly kind: SourceKind;
  /** `accepted` unless the pipe has refused it already. */
  readonly state: FiringState;
  /** JSON of the context; `null` when it cannot be stored. */
  readonly context: string | null;
  readonly reason: string | null;
  readonly dedup: DedupWish | null;
  /** The sender's `Idempotency-Key`: a second key, whose holder is answered whatever the first says. */
  readonly idempotency: DedupWish | null;
  readonly rate: RateRule | null;
  readonly initiatedBy: string | null;
  readonly causedBy: ExecutionId | null;
  readonly depth: number;
  readonly replayOf: ExecutionId | null;
  /** The instant that somebody named, in ms since 1970. */
  readonly scheduledFor: number | null;
  /** The first tasks are ready after this long. */
  readonly runAfterMs: number;
  readonly priority: number;
  readonly executions: readonly ExecutionDraft[];
}

/** What became of a draft. */
export type FiringVerdict =
  | {
      readonly status: 'stored';
      readonly state: FiringState;
      readonly firingId: FiringId;
      readonly executionIds: readonly ExecutionId[];
      readonly delayedMs: number;
    }
  | {
      readonly status: 'duplicate';
      /** Which of its keys was taken. */
      readonly of: 'dedup' | 'idempotency';
      readonly firingId: FiringId;
      /** `pruned` when only the key is left. */
      readonly state: FiringState | 'pruned';
      readonly executionIds: readonly ExecutionId[];
      /** Until when the key of a failed firing stays taken. */
      readonly coolingDownUntil: Date | null;
    }
  | { readonly status: 'limited'; readonly retryAfterMs: number };
