import type { ExecutionId, FiringId } from '../model/ids.js';
import type { JsonObject } from '../model/json.js';
import type { SourceKind } from '../model/states.js';
import type { Gate } from '../store/commits/firing.draft.js';
import type { RateRule } from '../store/commits/rate-limit.js';
import type { WorkflowDefinition } from '../workflows/workflow.definition.js';
import type { DedupKey } from './dedup-key.js';
import type { Delivery, FireRequest, Guard, IdempotencyKey, RejectRequest } from './fire.types.js';
import type { ResolvedDedup, TriggerDefinition } from './trigger.definition.js';

/** What wants to fire: a trigger, or a program that asks for one workflow. */
export interface FiringSource {
  readonly trigger: TriggerDefinition | null;
  readonly kind: SourceKind;
  readonly workflows: readonly WorkflowDefinition[];
  /** For messages: `Trigger "inbox"`. */
  readonly what: string;
  readonly dedup: ResolvedDedup;
  /** The space of the dedup keys. */
  readonly space: string;
  /** The tokens that it spends; beyond them it refuses where somebody can try again, otherwise it does what the author said. */
  readonly rate: RateRule | null;
  /** What it does while its trigger is disabled; `null`: it fires. */
  readonly gate: Gate | null;
}

/** What goes with one firing besides its item. */
export interface FiringExtras {
  readonly initiatedBy?: string | undefined;
  readonly idempotency?: IdempotencyKey | undefined;
  readonly guard?: Guard | undefined;
  readonly payload?: string | undefined;
  readonly origin?: JsonObject | undefined;
  readonly scheduledFor?: Date | undefined;
  readonly replayOf?: ExecutionId | undefined;
  /** The dead letter that is replayed. */
  readonly replayOfLetter?: FiringId | undefined;
  /** The key that somebody chose for the firing that is fired again; one of the item's own goes before. */
  readonly replayKey?: DedupKey | undefined;
  /** As of a {@link RejectRequest}. */
  readonly sameForMs?: RejectRequest['sameForMs'];
  readonly delivery?: Delivery | undefined;
}

/** What one firing may say otherwise than its trigger. */
export interface SourceOverrides extends Pick<FireRequest, 'dedup' | 'rate' | 'whenDisabled'> {
  readonly onLimit?: RateRule['onLimit'];
}

/** The source that a trigger is. */
export function sourceOf(trigger: TriggerDefinition, overrides: SourceOverrides = {}): FiringSource {
  const { name, kind, workflows } = trigger;
  const { dedup = trigger.dedup, onLimit = trigger.onLimit, whenDisabled } = overrides;
  const rate = overrides.rate ?? (trigger.rateLimit && { ...trigger.rateLimit, space: name });
  return {
    trigger,
    kind,
    workflows,
    what: `Trigger "${name}"`,
    dedup,
    space: name,
    rate: rate && { ...rate, onLimit },
    gate: whenDisabled === undefined ? null : { declaredEnabled: trigger.enabled, whenDisabled },
  };
}

/** The source that a program is which asks for a workflow: no dedup unless it gives a key. */
export function directSource(workflow: WorkflowDefinition): FiringSource {
  return {
    trigger: null,
    kind: 'direct',
    workflows: [workflow],
    what: `Workflow "${workflow.name}"`,
    dedup: { scope: 'running', cooldown: false },
    space: `workflow:${workflow.name}`,
    rate: null,
    gate: null,
  };
}
