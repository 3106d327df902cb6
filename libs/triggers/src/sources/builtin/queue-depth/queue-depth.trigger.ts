import type { WorkflowRefs } from '../../../intake/trigger-options.js';
import { triggerValue } from '../../poll/trigger-value.js';
import type { TriggerValue } from '../../poll/trigger-value.js';
import type { BuiltInOptions, ContextOption } from '../built-in.options.js';
import type { DepthCrossing, DepthState, QueueDepthOptions } from './queue-depth.options.js';
import { QueueDepthSource } from './queue-depth.source.js';

/** Options of {@link queueDepthTrigger}: its own, and those of `@Trigger`. */
export type QueueDepthTriggerOptions<
  W extends WorkflowRefs = WorkflowRefs,
  On extends DepthState = 'above',
> = BuiltInOptions<W> & QueueDepthOptions<On> & ContextOption<DepthCrossing<On>, W>;

/**
 * Fires when too many wait in a queue, once until it is short again; see {@link QueueDepthSource}.
 *
 * @typeParam On which crossings fire, read off the option
 * @example queueDepthTrigger({ name: 'mail_queue', workflow: 'more_workers', depth: () => queue.getWaitingCount(), above: 1_000, below: 100 })
 */
export function queueDepthTrigger<const W extends WorkflowRefs, const On extends DepthState = 'above'>(
  options: QueueDepthTriggerOptions<W, On>,
): TriggerValue {
  const given = options as unknown as QueueDepthTriggerOptions<WorkflowRefs, DepthState>;
  return triggerValue(
    'queueDepthTrigger',
    { ...given, dedup: 'off' },
    (where) => new QueueDepthSource<object>(given, where),
  );
}
