import type { FireOutcome } from '../../intake/fire.types.js';
import { TriggersError } from '../../model/errors.js';
import { quoteAll } from '../../model/text.js';

/** The error of a fire while the trigger is disabled: nothing of it is kept, the user can come again. */
export function disabled(name: string): TriggersError {
  return new TriggersError(
    'TRG_API_CONFLICT',
    `Trigger "${name}" is disabled. Whoever has the role "operator" can enable it: PATCH /${name} { "enabled": true }.`,
  );
}

/** The error of a fire while an execution of an exclusive trigger has not ended. */
export function occupied(name: string, { firingId, executionIds }: FireOutcome): TriggersError {
  const running = executionIds.length === 1 ? 'execution' : 'executions';
  return new TriggersError(
    'TRG_API_CONFLICT',
    `Trigger "${name}" is exclusive, and its ${running} ${quoteAll(executionIds)} did not end yet. Wait, or cancel.`,
    { details: { firingId, executionIds } },
  );
}
