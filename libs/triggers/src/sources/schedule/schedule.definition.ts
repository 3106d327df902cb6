import type { MethodInvoker } from '../../discovery/method-invoker.js';
import type { TriggerDefinition } from '../../intake/trigger.definition.js';
import type { PollDefinition } from '../poll/poll-trigger.definition.js';
import { ticksBetween } from './calendar.js';
import type { Calendar } from './calendar.js';
import type { CatchUp } from './due-ticks.js';

/** When a schedule ticks. */
export interface ScheduleTiming {
  /** The expression with its zone, or the interval: what the cursor belongs to. */
  readonly of: string;
  /** The calendar of a trigger that was declared first at that instant. */
  readonly calendarSince: (firstSeenAt: Date) => Calendar;
}

/** A schedule trigger, checked, with every default filled in. It is polled when its calendar says so. */
export interface ScheduleDefinition extends PollDefinition {
  readonly kind: 'schedule';
  readonly timing: ScheduleTiming;
  readonly catchUp: CatchUp;
  readonly maxLatenessMs: number;
  /** Called with the `ScheduleTick`. */
  readonly method: MethodInvoker;
}

/** When a schedule ticks next, at most so often; `null` for other triggers. A calendar that throws has no ticks. */
export function nextTicks(
  definition: TriggerDefinition,
  firstSeenAt: Date,
  now: number,
  limit: number,
): readonly Date[] | null {
  if (!isSchedule(definition)) return null;
  try {
    const calendar = definition.timing.calendarSince(firstSeenAt);
    return ticksBetween(calendar, now, Number.POSITIVE_INFINITY, limit).map((tick) => new Date(tick));
  } catch {
    return [];
  }
}

/** Whether a trigger is a schedule. */
export function isSchedule(definition: TriggerDefinition): definition is ScheduleDefinition {
  return definition.kind === 'schedule';
}
