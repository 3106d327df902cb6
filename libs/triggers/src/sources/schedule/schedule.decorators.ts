import { addMethodMetadata, metadataKey } from '../../discovery/metadata.js';
import type { MetadataKey } from '../../discovery/metadata.js';
import type { IsAny, WorkflowInput, WorkflowRefs } from '../../intake/trigger-options.js';
import type { CheckHost } from '../check-host.js';
import type { CheckResult } from '../poll/trigger.decorator.js';
import type { ScheduleTick, ScheduledContext } from './schedule-tick.js';
import type { CronTriggerOptions, IntervalTriggerOptions } from './schedule.options.js';

/** What `@CronTrigger` leaves on a method. */
export const CRON_TRIGGER = metadataKey<CronTriggerOptions>('cron-trigger');

/** What `@IntervalTrigger` leaves on a method. */
export const INTERVAL_TRIGGER = metadataKey<IntervalTriggerOptions>('interval-trigger');

type Nothing = void | undefined;

/** Nothing fires the instant of the tick alone. */
type CheckNothing<R, W> = [Extract<R, Nothing>] extends [never]
  ? unknown
  : [ScheduledContext] extends [WorkflowInput<W>]
    ? unknown
    : 'A method that returns nothing fires { scheduledFor }, which is not what the workflow takes.';

type CheckAnswer<R, W> = IsAny<R> extends true ? unknown : CheckNothing<R, W> & CheckResult<Exclude<R, Nothing>, W>;

type IsTickParameter<P> =
  IsAny<P> extends true ? true : [P] extends [ScheduleTick | undefined] ? true : ScheduleTick extends P ? true : false;

type CheckTickParameters<A extends readonly unknown[]> = A extends readonly [unknown?]
  ? IsTickParameter<A[0]> extends true
    ? unknown
    : 'The method of a schedule takes a ScheduleTick, or nothing.'
  : 'The method of a schedule takes a ScheduleTick and nothing else.';

type CheckTickMethod<M, W> =
  IsAny<M> extends true
    ? unknown
    : M extends (...args: infer A) => infer R
      ? CheckTickParameters<A> & CheckAnswer<Awaited<R>, W>
      : 'A trigger is a method.';

/** The decorator that {@link CronTrigger} and {@link IntervalTrigger} make. */
export type ScheduleDecorator<W extends WorkflowRefs> = <T extends object, M>(
  target: T & CheckHost<T>,
  key: string,
  descriptor: TypedPropertyDescriptor<M> & CheckTickMethod<M, W>,
) => void;

/**
 * Fires at the instants that a cron expression names in a time zone: one fire for each, however many nodes there are. The
 * method is called on one of them, and may look away (`TriggerResult.skip`), fire something else than `{ scheduledFor }`,
 * or be empty.
 *
 * A method may carry several triggers, each with a name of its own. Firing a context that the workflow's tasks do not take
 * does not compile.
 *
 * @param options see {@link CronTriggerOptions}; the defaults are `DEFAULT_SCHEDULE_OPTIONS`
 * @example
 * @CronTrigger({ workflow: NightlyReport, cron: '0 3 * * *', timeZone: 'Europe/Berlin' })
 * nightly(): void {}
 */
export function CronTrigger<const W extends WorkflowRefs>(options: CronTriggerOptions<W>): ScheduleDecorator<W> {
  return scheduleDecorator(CRON_TRIGGER, options);
}

/**
 * As {@link CronTrigger}, at every multiple of an interval since the trigger was declared first.
 *
 * @param options see {@link IntervalTriggerOptions}; the defaults are `DEFAULT_SCHEDULE_OPTIONS`
 * @example
 * @IntervalTrigger({ workflow: Cleanup, every: '15m' })
 * cleanup(): void {}
 */
export function IntervalTrigger<const W extends WorkflowRefs>(
  options: IntervalTriggerOptions<W>,
): ScheduleDecorator<W> {
  return scheduleDecorator(INTERVAL_TRIGGER, options);
}

function scheduleDecorator<W extends WorkflowRefs, O>(
  decorator: MetadataKey<O>,
  options: unknown,
): ScheduleDecorator<W> {
  return (target, key) => addMethodMetadata(decorator, target, key, options as O);
}
