import type { Provider } from '@nestjs/common';
import { ScheduleBuilder } from './schedule.builder.js';
import { ScheduleSource } from './schedule.source.js';
import { ScheduleTimings } from './schedule.timing.js';

/** What ticks. */
export const SCHEDULE_PROVIDERS: readonly Provider[] = [ScheduleBuilder, ScheduleSource, ScheduleTimings];
