import type { MethodInvoker } from '../../discovery/method-invoker.js';
import type { FollowRule } from '../../intake/end-intake.service.js';
import type { TriggerDefinition } from '../../intake/trigger.definition.js';

/** A workflow trigger, checked, with every default filled in. */
export interface WorkflowTriggerDefinition extends TriggerDefinition {
  readonly kind: 'workflow';
  readonly follows: FollowRule;
  /** Called with the `WorkflowEnd`; returns what is fired. */
  readonly invoker: MethodInvoker;
}
