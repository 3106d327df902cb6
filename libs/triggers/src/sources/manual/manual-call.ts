import { judgeInput } from '../../intake/trigger-input.js';
import type { JudgedInput } from '../../intake/trigger-input.js';
import type { FireItem } from '../../model/trigger-result.js';
import type { ManualRequest } from './manual-request.js';
import { readManualResult } from './manual-result.js';
import type { ManualResult } from './manual-result.js';
import type { ManualDefinition } from './manual-trigger.definition.js';

/** What somebody sends to a manual trigger. */
export interface ManualCall {
  /** Not judged yet. */
  readonly input: unknown;
  /** The user; nobody where a program fires for itself. */
  readonly initiatedBy?: string | undefined;
  readonly reason?: string | undefined;
  /** @default false */
  readonly dryRun?: boolean;
}

/** What has become of a {@link ManualCall} before intake decides. */
export interface Called {
  readonly input: JudgedInput;
  readonly result: ManualResult;
}

/** The one key of an exclusive trigger. It is held while an execution runs, so that no other key would be let through. */
const EXCLUSIVE_KEY = 'exclusive';

/**
 * Input → method.
 *
 * @throws TRG_CONTEXT_* for the input, TRG_MANUAL_RESULT, and what the method throws
 */
export async function callMethod(trigger: ManualDefinition, call: ManualCall): Promise<Called> {
  const input = await judgeInput(trigger, trigger.input, call.input);
  const request: ManualRequest = {
    trigger: trigger.name,
    input: input.value,
    initiatedBy: call.initiatedBy ?? null,
    reason: call.reason ?? null,
    dryRun: call.dryRun ?? false,
  };
  const returned = await trigger.invoker.invoke([request]);
  return { input, result: readManualResult(returned, input.value, trigger.label) };
}

/** What the method says goes before what was asked for. */
export function itemOf(
  { exclusive }: ManualDefinition,
  { dedupKey, runAt, priority }: Omit<FireItem, 'context'>,
  item: FireItem,
): FireItem {
  return {
    context: item.context,
    dedupKey: exclusive ? EXCLUSIVE_KEY : (item.dedupKey ?? dedupKey),
    runAt: item.runAt ?? runAt,
    priority: item.priority ?? priority,
  };
}
