import type { ExecutionId, FiringId } from '../model/ids.js';
import type { FiringState } from '../model/states.js';
import type { JsonObject } from '../model/json.js';
import type { FireItem } from '../model/trigger-result.js';
import type { DuplicateOf } from '../store/commits/firing.draft.js';
import type { RateRule } from '../store/commits/rate-limit.js';
import type { WorkflowDefinition } from '../workflows/workflow.definition.js';
import type { RateLimitMs, ResolvedDedup, TriggerDefinition } from './trigger.definition.js';

/** A request that its sender may repeat: same user, same key, same outcome for 24 hours. */
export interface IdempotencyKey {
  /** The header `Idempotency-Key`. */
  readonly key: string;
  readonly user: string;
}

/** Something fires: the one form in which every source, service and controller asks. */
export interface FireRequest extends FireItem {
  readonly trigger: TriggerDefinition;
  /** Who asked, for firings by hand. */
  readonly initiatedBy?: string | undefined;
  readonly idempotency?: IdempotencyKey | undefined;
  /** The tick that it stands for. */
  readonly scheduledFor?: Date | undefined;
  /** How long its key is held. @default what the trigger says */
  readonly dedup?: ResolvedDedup | undefined;
  /** The tokens that it spends. @default what the trigger says */
  readonly rate?: Rate | undefined;
  /** A second key beside the dedup key; its holder is answered first. Not with `idempotency`. */
  readonly guard?: Guard | undefined;
  /** The delivery that it came in, where that has a key of its own: its acceptance closes the dead letter of it. */
  readonly delivery?: Delivery | undefined;
  /** What becomes of it while the trigger is disabled. @default it fires: whoever asks has looked at the switch */
  readonly whenDisabled?: 'hold' | 'refuse' | undefined;
  /**
   * What the sender sent, where it is not the context; kept if this becomes a dead letter, and always where the trigger says
   * so. With `idempotency` it is JSON, and what has to be the same for a repeat.
   */
  readonly payload?: string | undefined;
  /** Where it came from; kept if this becomes a dead letter. */
  readonly origin?: JsonObject | undefined;
  /** What becomes of it beyond the rate. @default it is refused: whoever asks can ask again */
  readonly onLimit?: RateRule['onLimit'] | undefined;
  /**
   * How long the database may take; whoever names it is answered by then, though what is on its way may still be stored: a repeat is its
   * duplicate. Where dedup is off, or the key is free again by then, a repeat is another firing. `Infinity`: as long as it takes.
   *
   * @default `database.commitDeadline`
   */
  readonly deadlineMs?: number | undefined;
}

/** Something that was sent, of which one firing was made, or several. */
export interface Delivery {
  readonly key: string;
  /** How long an equal key is the same delivery: within a window a repeat that cannot be judged opens no dead letter. */
  readonly dedup: ResolvedDedup;
}

/** Tokens of whoever shares a space: a trigger, or one of its users. */
export interface Rate extends RateLimitMs {
  readonly space: string;
}

/** Keeps a second firing with the same key away for a while. */
export interface Guard {
  readonly key: string;
  readonly windowMs: number;
}

/** Something that did not even get as far as a context: a forged signature, a body that is no JSON. */
export interface RejectRequest {
  readonly trigger: TriggerDefinition;
  readonly reason: string;
  /** Repeats with it are counted, and what is accepted with it closes this one. @default nothing of both */
  readonly dedupKey?: string | undefined;
  /** How long an equal key is the same event; 0: never, each is one of its own. @default for ever */
  readonly sameForMs?: number | undefined;
  /** Without it nobody can replay it. */
  readonly payload?: string | undefined;
  readonly origin?: JsonObject | undefined;
  /** How long the database may take. @default `database.commitDeadline` */
  readonly deadlineMs?: number | undefined;
}

/** Something that its trigger wants nothing of. */
export interface SkipRequest extends Pick<FireRequest, 'trigger' | 'deadlineMs'> {
  readonly reason: string;
}

/** An execution without a trigger. */
export interface StartRequest extends FireItem {
  readonly workflow: WorkflowDefinition;
  readonly initiatedBy?: string | undefined;
  readonly idempotency?: IdempotencyKey | undefined;
}

/** Somebody asks for a replay. */
export interface ReplayRequest {
  /** Instead of what was kept; judged like anything that arrives. */
  readonly edited?: unknown;
  readonly initiatedBy?: string | undefined;
  /** Why, in the words of who asked. */
  readonly reason?: string | undefined;
}

/** What became of a firing, as callers are told. */
export interface FireOutcome {
  /** `refused`: its trigger is disabled and keeps nothing; no record is left. */
  readonly status: 'accepted' | 'duplicate' | 'rejected' | 'filtered' | 'limited' | 'held' | 'dead' | 'refused';
  /** What a duplicate is a duplicate by. */
  readonly of: DuplicateOf | null;
  /** The original's for a duplicate. */
  readonly firingId: FiringId;
  readonly executionIds: readonly ExecutionId[];
  /** The explicit key, or `sha256:…` of the context; `null` without dedup. */
  readonly dedupKey: string | null;
  /** The state of the firing that is answered with; `pruned` when only its key is left, `null` when none was kept. */
  readonly state: FiringState | 'pruned' | null;
  /** Why nothing starts, or why later. */
  readonly reason: string | null;
  /** Starts that much later, because of `runAt` or a rate limit. */
  readonly delayedMs: number;
}
