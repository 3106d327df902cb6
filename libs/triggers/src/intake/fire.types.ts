import type { ExecutionId, FiringId } from '../model/ids.js';
import type { FiringState } from '../model/states.js';
import type { FireItem } from '../model/trigger-result.js';
import type { WorkflowDefinition } from '../workflows/workflow.definition.js';
import type { TriggerDefinition } from './trigger.definition.js';

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
}

/** An execution without a trigger. */
export interface StartRequest extends FireItem {
  readonly workflow: WorkflowDefinition;
  readonly initiatedBy?: string | undefined;
  readonly idempotency?: IdempotencyKey | undefined;
}

/** What became of a firing, as callers are told. */
export interface FireOutcome {
  readonly status: 'accepted' | 'duplicate' | 'rejected' | 'filtered' | 'limited' | 'held' | 'dead';
  /** The original's for a duplicate. */
  readonly firingId: FiringId;
  readonly executionIds: readonly ExecutionId[];
  /** The explicit key, or `sha256:…` of the context; `null` without dedup. */
  readonly dedupKey: string | null;
  /** The state of the firing that is answered with; `pruned` when only its key is left. */
  readonly state: FiringState | 'pruned';
  /** Why nothing starts, or why later. */
  readonly reason: string | null;
  /** Starts that much later, because of `runAt` or a rate limit. */
  readonly delayedMs: number;
}
