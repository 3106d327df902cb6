import { Injectable } from '@nestjs/common';
import type { DefinitionProblems } from '../../discovery/definition-problems.js';
import { TriggerBaseResolver } from '../../intake/trigger-base.resolver.js';
import { Clock } from '../../model/clock.js';
import { formatDuration, parseDuration } from '../../model/duration.js';
import { TriggersError } from '../../model/errors.js';
import { EventBus } from '../../model/events.js';
import type { JsonObject } from '../../model/json.js';
import { nameTrigger } from '../declared-trigger.js';
import type { DeclaredTrigger } from '../declared-trigger.js';
import { AT_ONCE, CalendarPlan } from '../poll/calendar.plan.js';
import type { CalendarEntry } from '../poll/calendar.plan.js';
import type { CurrentPoll } from '../poll/current-poll.js';
import { checkSuspendAfter, checkTimeout } from '../poll/poll-checks.js';
import { retryAt } from './due-ticks.js';
import { sinceOf } from './schedule-cursor.js';
import type { ScheduleDefinition, ScheduleTiming } from './schedule.definition.js';
import { DEFAULT_SCHEDULE_OPTIONS } from './schedule.options.js';
import type { ScheduleOptions } from './schedule.options.js';
import { TickRunner } from './tick.runner.js';
import type { RunningSchedule } from './tick.runner.js';

/** The shortest time between two ticks, and the shortest lateness: what a cron expression can name. */
export const MIN_SCHEDULE_MS = 1_000;
/** How long the key of a tick is held: 7 days, longer than any clock is set back. */
const TICK_KEY_MS = 604_800_000;

/** A timing with what the API shows of it. */
export interface DeclaredTiming {
  readonly timing: ScheduleTiming;
  readonly shown: JsonObject;
}

/** Stands in the place of options that are wrong. */
const NO_TIMING: DeclaredTiming = { timing: { of: '', calendarSince: () => ({ after: () => null }) }, shown: {} };

/** Turns the options of `@CronTrigger` and `@IntervalTrigger` into a {@link ScheduleDefinition}. */
@Injectable()
export class ScheduleBuilder {
  constructor(
    private readonly base: TriggerBaseResolver,
    private readonly clock: Clock,
    private readonly events: EventBus,
  ) {}

  /**
   * The definition, or `undefined` when it has no usable name; what is wrong went to `problems`.
   *
   * @param time checks the options that say when it ticks; what it throws is a problem
   */
  async build<O extends ScheduleOptions>(
    declared: DeclaredTrigger<O>,
    time: (options: O, where: string) => Promise<DeclaredTiming>,
    problems: DefinitionProblems,
  ): Promise<ScheduleDefinition | undefined> {
    const { options, label, invoker: method } = declared;
    const attempt = <T>(check: () => T): T | undefined => problems.attempt(check);
    const named = nameTrigger(declared, problems);
    if (named === undefined) return undefined;
    const { name, where } = named;
    const base = await this.base.resolve({ name, where, options, attempt, dedupDefault: { windowMs: TICK_KEY_MS } });
    const timeoutMs = attempt(() => checkTimeout(options.timeout, where)) ?? 0;
    const { timing, shown } = (await problems.attemptLater(() => time(options, where))) ?? NO_TIMING;
    const catchUp = attempt(() => checkCatchUp(options.catchUp, where)) ?? DEFAULT_SCHEDULE_OPTIONS.catchUp;
    const maxLateness = options.maxLateness ?? DEFAULT_SCHEDULE_OPTIONS.maxLateness;
    const maxLatenessMs = attempt(() => checkAtLeast(maxLateness, `${where}, option "maxLateness"`)) ?? MIN_SCHEDULE_MS;
    const running: RunningSchedule = { name, label, method, timing, catchUp, maxLatenessMs, timeoutMs };
    return {
      kind: 'schedule',
      ...running,
      pollIntervalMs: null,
      ...polledBy(running, this.clock, this.events),
      suspendAfter:
        attempt(() => checkSuspendAfter(options.suspendAfter, where)) ?? DEFAULT_SCHEDULE_OPTIONS.suspendAfter,
      onError: null,
      onInit: null,
      onDestroy: null,
      options: {
        ...shown,
        catchUp,
        maxLateness: formatDuration(maxLatenessMs),
        timeout: formatDuration(timeoutMs),
      },
      ...base,
    };
  }
}

/** When such a schedule is polled, and what its polls do. */
export function polledBy(
  schedule: RunningSchedule,
  clock: Clock,
  events: EventBus,
): Pick<ScheduleDefinition, 'plan' | 'invoker'> {
  const { label } = schedule;
  const runner = new TickRunner(schedule, clock, events);
  return {
    plan: () => new CalendarPlan((stored) => entryOf(schedule, stored), clock),
    invoker: { label, invoke: ([poll]) => runner.poll(poll as CurrentPoll) },
  };
}

/** What is due next, by the stored cursor. */
function entryOf(
  { timing: { of, calendarSince }, maxLatenessMs }: RunningSchedule,
  { cursor, firstSeenAt }: { readonly cursor: string | null; readonly firstSeenAt: Date },
): CalendarEntry {
  const since = sinceOf(of, cursor === null ? null : JSON.parse(cursor));
  if (since === null) return AT_ONCE;
  const calendar = calendarSince(firstSeenAt);
  return {
    since,
    dueAt: calendar.after(since) ?? Number.POSITIVE_INFINITY,
    retryAt: (failedAt, planned) => retryAt(calendar, { failedAt, planned, maxLatenessMs }),
  };
}

function checkCatchUp(catchUp: unknown, where: string): ScheduleDefinition['catchUp'] {
  if (catchUp === undefined) return DEFAULT_SCHEDULE_OPTIONS.catchUp;
  if (catchUp === 'skip' || catchUp === 'latest' || catchUp === 'all') return catchUp;
  const message = `${where}, option "catchUp" is ${JSON.stringify(catchUp) ?? 'no text'}; it takes "skip", "latest" or "all".`;
  throw new TriggersError('TRG_DEF_INVALID_OPTION', message);
}

/** A duration of at least a second. @throws TRG_DEF_INVALID_DURATION, TRG_DEF_INVALID_OPTION */
export function checkAtLeast(duration: unknown, where: string): number {
  const durationMs = parseDuration(duration, where);
  if (durationMs >= MIN_SCHEDULE_MS) return durationMs;
  const message = `${where}: ${String(duration)} is too short. Write at least "${formatDuration(MIN_SCHEDULE_MS)}".`;
  throw new TriggersError('TRG_DEF_INVALID_OPTION', message);
}
