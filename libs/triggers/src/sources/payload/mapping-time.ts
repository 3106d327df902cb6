import type { TriggerDefinition } from '../../intake/trigger.definition.js';
import type { Clock } from '../../model/clock.js';
import { formatDuration } from '../../model/duration.js';
import { orLate } from '../../model/patience.js';

/** How long the method of an entity or a workflow trigger may take, `when` included: nobody waits for its answer who could try again. */
export const MAPPING_TIMEOUT_MS = 10_000;

/** What the method of a trigger gives in the trigger's time. @throws what it throws by then, else that it did not end */
export function mappedInTime<T>(
  call: Promise<T>,
  { timeoutMs }: Pick<TriggerDefinition, 'timeoutMs'>,
  clock: Clock,
): Promise<T> {
  const late = (): Promise<never> => Promise.reject(new Error(`it did not end within ${formatDuration(timeoutMs)}`));
  return orLate(call, timeoutMs, late, clock);
}
