import { DEFAULT_TRIGGER_OPTIONS } from '../../intake/trigger-options.js';
import type { FromConfig, TriggerBaseOptions, WorkflowRefs } from '../../intake/trigger-options.js';
import type { Duration } from '../../model/duration.js';
import { DEFAULT_POLL_OPTIONS } from '../poll/trigger.options.js';
import type { CatchUp } from './due-ticks.js';

/** Options that both decorators of schedules take. */
export interface ScheduleOptions<W extends WorkflowRefs = WorkflowRefs> extends TriggerBaseOptions<W> {
  /**
   * What happens to ticks that came while nobody could fire them: `skip` records them, `latest` fires the latest one, `all`
   * fires up to the latest 100, oldest first. @default DEFAULT_SCHEDULE_OPTIONS.catchUp
   */
  readonly catchUp?: CatchUp;
  /** How late a tick may be and still fire; at least 1 s. @default DEFAULT_SCHEDULE_OPTIONS.maxLateness */
  readonly maxLateness?: Duration;
  /** How long the method may take for one tick. @default DEFAULT_SCHEDULE_OPTIONS.timeout */
  readonly timeout?: Duration;
  /** Failures in a row until it is suspended; 0 for never. @default DEFAULT_SCHEDULE_OPTIONS.suspendAfter */
  readonly suspendAfter?: number;
}

/** Options of `@CronTrigger`. */
export interface CronTriggerOptions<W extends WorkflowRefs = WorkflowRefs> extends ScheduleOptions<W> {
  /** Minute, hour, day of the month, month, day of the week; a sixth field before them is the second. */
  readonly cron: FromConfig<string>;
  /** A zone of the IANA database, such as `Europe/Berlin`. @default DEFAULT_SCHEDULE_OPTIONS.timeZone */
  readonly timeZone?: FromConfig<string>;
}

/** Options of `@IntervalTrigger`. */
export interface IntervalTriggerOptions<W extends WorkflowRefs = WorkflowRefs> extends ScheduleOptions<W> {
  /** From tick to tick, counted from the moment the trigger was declared first; at least 1 s. */
  readonly every: FromConfig<Duration>;
}

/** The defaults of {@link CronTriggerOptions} and {@link IntervalTriggerOptions}. */
export const DEFAULT_SCHEDULE_OPTIONS = {
  ...DEFAULT_TRIGGER_OPTIONS,
  timeZone: 'UTC',
  catchUp: 'skip',
  maxLateness: '1m',
  timeout: DEFAULT_POLL_OPTIONS.timeout,
  suspendAfter: DEFAULT_POLL_OPTIONS.suspendAfter,
} as const satisfies Partial<CronTriggerOptions>;
