import { TimerRegistry } from './timer-registry.js';

/** For what is tested without Nest: nobody looks at its timers. */
export class NoTimerRegistry extends TimerRegistry {
  show(): void {}
  hide(): void {}
}
