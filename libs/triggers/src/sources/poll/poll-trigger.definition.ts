import type { MethodInvoker } from '../../discovery/method-invoker.js';
import type { TriggerDefinition } from '../../intake/trigger.definition.js';
import type { PollPlan } from './poll-plan.js';

/** A trigger that is polled, checked, with every default filled in. */
export interface PollDefinition extends TriggerDefinition {
  readonly kind: 'poll' | 'schedule';
  /** Makes what decides when it is polled in this process. */
  readonly plan: () => PollPlan;
  /** How long one poll may take; the filter has as long again for what it found. */
  readonly timeoutMs: number;
  /** Failed polls in a row until it is suspended; 0 for never. */
  readonly suspendAfter: number;
  /** Called with the `Poll`; returns the `TriggerResult`. */
  readonly invoker: MethodInvoker;
  /** Called with the error and the `Poll` of every failed poll. */
  readonly onError: Pick<MethodInvoker, 'invoke'> | null;
  /** Called once before the first poll of this process. */
  readonly onInit: Pick<MethodInvoker, 'invoke'> | null;
  /** Called once after the last poll, if `onInit` had its turn. */
  readonly onDestroy: Pick<MethodInvoker, 'invoke'> | null;
}
