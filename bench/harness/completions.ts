import { OnTriggers } from 'nestjs-triggers';
import type { TriggersEvent } from 'nestjs-triggers';
import { Countdown } from './countdown.js';

/** Counts the executions that are recorded as completed. */
export class Completions extends Countdown {
  @OnTriggers('execution.completed')
  completed(_event: TriggersEvent<'execution.completed'>): void {
    this.hit();
  }
}
