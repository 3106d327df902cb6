import type { Provider } from '@nestjs/common';
import { ScheduleBuilder } from './schedule.builder.js';
import { ScheduleFirings } from './schedule-firings.service.js';
import { ScheduleSource } from './schedule.source.js';
import { ScheduleTimings } from './schedule.timing.js';

/** What ticks. */
export const SCHEDULE_PROVIDERS: readonly Provider[] = [
  ScheduleBuilder,
  ScheduleFirings,
  ScheduleSource,
  ScheduleTimings,
];
