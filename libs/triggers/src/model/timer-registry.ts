import type { TimerHandle } from './clock.js';

/**
 * Where the one timer of each background service is shown to other tools: Nest's `SchedulerRegistry`, if the application
 * has one.
 */
export abstract class TimerRegistry {
  abstract show(name: string, timer: TimerHandle): void;
  abstract hide(name: string): void;
}
