import { Injectable } from '@nestjs/common';
import { TriggerBaseResolver } from '../../intake/trigger-base.resolver.js';
import { formatDuration } from '../../model/duration.js';
import { TriggersError } from '../../model/errors.js';
import { errorMessage } from '../../model/text.js';
import { CronCalendar } from './cron.calendar.js';
import { IntervalCalendar } from './interval.calendar.js';
import { checkAtLeast } from './schedule.builder.js';
import type { DeclaredTiming } from './schedule.builder.js';
import { DEFAULT_SCHEDULE_OPTIONS } from './schedule.options.js';
import type { CronTriggerOptions, IntervalTriggerOptions } from './schedule.options.js';
import { TimeZone } from './time-zone.js';

/** Reads the options that say when a schedule ticks. */
@Injectable()
export class ScheduleTimings {
  constructor(private readonly base: TriggerBaseResolver) {}

  /** @throws TRG_DEF_INVALID_OPTION for what is no expression, and for an unknown zone */
  async cron(options: CronTriggerOptions, where: string): Promise<DeclaredTiming> {
    const zone = options.timeZone ?? DEFAULT_SCHEDULE_OPTIONS.timeZone;
    const timeZone = checkZone((await this.base.fromConfig(zone, `${where}, option "timeZone"`))(), where);
    const cron = (await this.base.fromConfig(options.cron, `${where}, option "cron"`))();
    const calendar = readCron(cron, timeZone, where);
    return {
      timing: { of: `${cron} ${timeZone}`, calendarSince: () => calendar },
      shown: { cron, timeZone },
    };
  }

  /** @throws TRG_DEF_INVALID_DURATION, TRG_DEF_INVALID_OPTION */
  async interval(options: IntervalTriggerOptions, where: string): Promise<DeclaredTiming> {
    const given = await this.base.fromConfig(options.every, `${where}, option "every"`);
    const everyMs = checkAtLeast(given(), `${where}, option "every"`);
    const every = formatDuration(everyMs);
    return {
      timing: {
        of: `every ${every}`,
        calendarSince: (firstSeenAt) => new IntervalCalendar(firstSeenAt.getTime(), everyMs),
      },
      shown: { every },
    };
  }
}

function checkZone(timeZone: unknown, where: string): string {
  try {
    TimeZone.named(String(timeZone));
    return String(timeZone);
  } catch (cause) {
    const shown = JSON.stringify(timeZone) ?? String(timeZone);
    const message = `${where}, option "timeZone": ${shown} is no time zone of the IANA database. Write one, for example "Europe/Berlin".`;
    throw new TriggersError('TRG_DEF_INVALID_OPTION', message, { cause });
  }
}

function readCron(cron: unknown, timeZone: string, where: string): CronCalendar {
  try {
    return new CronCalendar(String(cron), timeZone);
  } catch (cause) {
    const shown = JSON.stringify(cron) ?? String(cron);
    const message =
      `${where}, option "cron": ${shown} is no cron expression: ${errorMessage(cause)}. Write 5 fields (minute, hour, day of ` +
      'the month, month, day of the week) or 6 (the second before them), for example "0 3 * * *".';
    throw new TriggersError('TRG_DEF_INVALID_OPTION', message, { cause });
  }
}
