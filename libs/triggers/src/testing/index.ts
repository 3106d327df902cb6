// The kit.
export { TriggersTestKit } from './triggers-test-kit.js';
export type { TestApplicationOptions, TestModule } from './test-application.js';
export type { DrainOptions, DrainSummary } from './drain.js';
export type { PollOutcome } from './poll-outcome.js';
export type { EventMonitor } from './event-monitor.js';
export type { TimeLimit } from './time-limit.js';

// The clock, and the provider that it takes the place of.
export { TestClock } from './test-clock.js';
export { Clock } from '../model/clock.js';
export type { TimerHandle } from '../model/clock.js';

// What methods are called with, for tests without an application.
export { pollOf } from './poll.builder.js';
export { taskContext } from './task-context.builder.js';
export type { TaskContextOptions, TestTaskContext, ToldProgress } from './task-context.builder.js';

// Crashes, and what they must not break.
export { STEP_POINTS } from './crash-point.js';
export type { CrashPoint } from './crash-point.js';
export { armCrashPoint, watchCrashPoints } from './crash-points.js';
export type { CrashOptions } from './crash-points.js';
export { checkDatabase } from './database-check.js';
