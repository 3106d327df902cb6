import { plainTrigger } from '../../intake/plain-trigger.contract.js';
import type { PollHarness } from '../poll/poll-harness.contract.js';
import { polledBy } from './schedule.builder.js';
import type { ScheduleDefinition } from './schedule.definition.js';
import type { ScheduleTick } from './schedule-tick.js';
import { IntervalCalendar } from './interval.calendar.js';

/** What a test says of a schedule; the rest is filled in. */
export type TestSchedule = Partial<ScheduleDefinition> & {
  readonly tick?: (tick: ScheduleTick) => unknown;
};

/** A schedule of every ten seconds since it was declared first, with everything filled in that a test does not say. */
export function defineSchedule(
  { clock, bus }: Pick<PollHarness, 'clock' | 'bus'>,
  { tick = () => undefined, ...given }: TestSchedule = {},
): ScheduleDefinition {
  const name = given.name ?? 'nightly';
  const label = `Reports.${name}`;
  const running = {
    name,
    label,
    timing: everyMs(10_000),
    catchUp: 'skip',
    maxLatenessMs: 60_000,
    timeoutMs: 30_000,
    method: { label, invoke: async ([told]: readonly unknown[]) => tick(told as ScheduleTick) },
    ...given,
  } as const;
  return {
    ...plainTrigger({ name, label, dedup: { scope: 'window', windowMs: 604_800_000 } }),
    kind: 'schedule',
    suspendAfter: 20,
    onError: null,
    onInit: null,
    onDestroy: null,
    ...running,
    ...polledBy(running, clock, bus),
  };
}

/** The timing of an interval. */
export function everyMs(intervalMs: number): ScheduleDefinition['timing'] {
  return {
    of: `every ${intervalMs}ms`,
    calendarSince: (firstSeenAt) => new IntervalCalendar(firstSeenAt.getTime(), intervalMs),
  };
}
