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
  /**
   * A replay takes a `running` key that is free, or that only a cool-down holds. It has no part in windows: it neither minds nor takes
   * nor lengthens one, so that the events that come later are judged by their first.
   */
  readonly replay: boolean;
}

/** The key of a dead letter: repeats of it are counted, and whatever is accepted with it closes the letter. */
export interface LetterKey {
  readonly space: string;
  readonly key: Buffer;
  readonly label: string;
}

/** What is kept of a firing that was refused, so that somebody can see why and replay it. */
export interface Letter {
  /** `null`: repeats cannot be told, it is an event of its own. */
  readonly key: LetterKey | null;
  /** How long an equal key is the same event; `null`: for ever. */
  readonly windowMs: number | null;
  /** The key as people see it, also where it tells nothing. */
  readonly label: string | null;
  /** What the sender sent, where it is not the context. */
  readonly payload: string | null;
  /** JSON of where it came from. */
  readonly origin: string | null;
}

/** What a firing does that finds its trigger disabled. */
export interface Gate {
  /** What the code says; an operator's switch goes before. */
  readonly declaredEnabled: boolean;
  readonly whenDisabled: 'hold' | 'refuse';
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
  /** The sender's `Idempotency-Key`, or what guards against a second click: a second key, whose holder is answered whatever the first says. */
  readonly idempotency: DedupWish | null;
  /**
   * The delivery that it came in, where that has another key: it is remembered, so that a repeat which cannot be judged opens no dead
   * letter. It keeps nothing away.
   */
  readonly delivery: DedupWish | null;
  /** What was sent, where it is not the context and somebody will ask for it: a repeat under an `Idempotency-Key`, a replay. */
  readonly payload: string | null;
  readonly rate: RateRule | null;
  /** `null`: whoever fires has looked at the switch, or it does not matter. */
  readonly gate: Gate | null;
  /** Of one that is `dead` or `rejected`. */
  readonly letter: Letter | null;
  /** The chosen keys, whose dead letters an acceptance closes. */
  readonly closes: readonly LetterKey[];
  /** The dead letter that it replays. */
  readonly replayOfLetter: FiringId | null;
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

/** What a duplicate is a duplicate by: one of its keys, or the key of an open dead letter. */
export type DuplicateOf = 'dedup' | 'idempotency' | 'letter';

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
      readonly of: DuplicateOf;
      readonly firingId: FiringId;
      /** `pruned` when only the key is left. */
      readonly state: FiringState | 'pruned';
      readonly executionIds: readonly ExecutionId[];
      /** Until when the key of a failed firing stays taken. */
      readonly coolingDownUntil: Date | null;
    }
  | { readonly status: 'limited'; readonly retryAfterMs: number }
  /** Its trigger is disabled and keeps nothing (more); no record is left. */
  | { readonly status: 'refused'; readonly because: 'disabled' | 'tooManyHeld' };
