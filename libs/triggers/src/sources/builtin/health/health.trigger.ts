import type { WorkflowRefs } from '../../../intake/trigger-options.js';
import { triggerValue } from '../../poll/trigger-value.js';
import type { TriggerValue } from '../../poll/trigger-value.js';
import type { BuiltInOptions, ContextOption } from '../built-in.options.js';
import { checkTimeoutBeyond } from '../option.checks.js';
import type { HealthChange, HealthOptions, HealthState } from './health.options.js';
import { HealthSource } from './health.source.js';

/** Options of {@link healthTrigger}: its own, and those of `@Trigger`. */
export type HealthTriggerOptions<
  W extends WorkflowRefs = WorkflowRefs,
  On extends HealthState = HealthState,
> = BuiltInOptions<W> & HealthOptions<On> & ContextOption<HealthChange<On>, W>;

/**
 * Fires when something is down, once, and when it is up again; see {@link HealthSource}.
 *
 * @typeParam On what fires, read off the option
 * @example healthTrigger({ name: 'shop_health', workflow: 'call_somebody', url: 'https://shop.example.com/health', failures: 3 })
 */
export function healthTrigger<const W extends WorkflowRefs, const On extends HealthState = HealthState>(
  options: HealthTriggerOptions<W, On>,
): TriggerValue {
  const given = options as unknown as HealthTriggerOptions;
  return triggerValue('healthTrigger', { ...given, dedup: 'off' }, (where) => {
    const source = new HealthSource<object>(given, where);
    checkTimeoutBeyond(where, given.timeout, source.checkTimeoutMs, 'one check may take ("checkTimeout")');
    return source;
  });
}
