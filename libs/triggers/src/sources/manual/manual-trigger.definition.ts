import type { MethodInvoker } from '../../discovery/method-invoker.js';
import type { InputCheck } from '../../intake/trigger-input.js';
import type { TriggerDefinition } from '../../intake/trigger.definition.js';
import type { ManualPermission } from './manual-trigger.options.js';

/** A manual trigger, checked, with every default filled in. */
export interface ManualDefinition extends TriggerDefinition {
  readonly kind: 'manual';
  /** What may be sent; `null` for anything. */
  readonly input: InputCheck | null;
  /** Who may fire it over the admin API; `null` for every operator. */
  readonly permission: ManualPermission | null;
  /** How often one user may fire it; `null` for no limit. */
  readonly userRate: { readonly limit: number; readonly perMs: number } | null;
  /** How long the same input of the same user counts as one click; `null` for not at all. */
  readonly doubleClickMs: number | null;
  readonly exclusive: boolean;
  /** Called with the `ManualRequest`; returns a context, a `TriggerResult` or nothing. */
  readonly invoker: MethodInvoker;
}

/** Whether a trigger is a manual one. */
export function isManual(definition: TriggerDefinition | undefined): definition is ManualDefinition {
  return definition?.kind === 'manual';
}
