import type { ExecutionId } from '../model/ids.js';
import type { SourceKind } from '../model/states.js';
import type { RateRule } from '../store/commits/rate-limit.js';
import type { WorkflowDefinition } from '../workflows/workflow.definition.js';
import type { DedupKey } from './dedup-key.js';
import type { IdempotencyKey } from './fire.types.js';
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
  /** Beyond the rate limit: refuse where somebody can try again, otherwise what the author said. */
  readonly onLimit: RateRule['onLimit'];
}

/** What goes with one firing besides its item. */
export interface FiringExtras {
  readonly initiatedBy?: string | undefined;
  readonly idempotency?: IdempotencyKey | undefined;
  readonly scheduledFor?: Date | undefined;
  readonly replayOf?: ExecutionId | undefined;
  /** The chosen key of the firing that is replayed. */
  readonly replayKey?: DedupKey | undefined;
}

/** The source that a trigger is. */
export function sourceOf(trigger: TriggerDefinition, onLimit: RateRule['onLimit'] = trigger.onLimit): FiringSource {
  const { name, kind, workflows, dedup } = trigger;
  return { trigger, kind, workflows, what: `Trigger "${name}"`, dedup, space: name, onLimit };
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
    onLimit: 'refuse',
  };
}
