import { isPlainObject } from '../../../model/json.js';
import { MAX_FIRINGS_PER_POLL, TriggerResult } from '../../../model/trigger-result.js';
import type { FireItem } from '../../../model/trigger-result.js';
import { contextOf } from '../entity-change.js';
import type { EntityChange } from '../entity-change.js';
import type { EntityDefinition } from '../entity-trigger.definition.js';

/** What a change is to be fired as; a reason instead: nothing is. */
export type MappedChange =
  | { readonly kind: 'fire'; readonly items: readonly FireItem[] }
  | { readonly kind: 'filtered'; readonly reason: string }
  /** `when` has said no: not even a record is left. */
  | { readonly kind: 'ignored' };

/**
 * Asks `when`, then the method.
 *
 * @throws whatever they throw; TypeError for what is neither a context nor a result
 */
export async function mapChange(trigger: EntityDefinition, change: EntityChange): Promise<MappedChange> {
  if (trigger.when !== null && !(await trigger.when(change))) return { kind: 'ignored' };
  const returned = await trigger.invoker.invoke([change]);
  if (returned === undefined || returned === null) return { kind: 'fire', items: [{ context: contextOf(change) }] };
  if (TriggerResult.isResult(returned)) return checked(returned, trigger);
  if (typeof returned === 'object' && !Array.isArray(returned)) return { kind: 'fire', items: [{ context: returned }] };
  throw new TypeError(
    `${trigger.label} returned ${Array.isArray(returned) ? 'an array' : `a ${typeof returned}`}. ${TAKEN}`,
  );
}

const TAKEN = 'Return a context, a TriggerResult, or nothing.';

function checked(result: TriggerResult, { label }: EntityDefinition): MappedChange {
  const { items, reason }: { readonly items: readonly unknown[]; readonly reason: string | null } = result;
  if (result.isSkip()) return { kind: 'filtered', reason: typeof reason === 'string' ? reason : 'skipped' };
  if (items.length > 0 && items.length <= MAX_FIRINGS_PER_POLL && items.every((item) => isPlainObject(item)))
    return { kind: 'fire', items: result.items };
  throw new TypeError(
    `${label}: fireMany takes 1 to ${MAX_FIRINGS_PER_POLL} items of the form { context, dedupKey? }.`,
  );
}
