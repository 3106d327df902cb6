import { Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { TimerHandle } from './model/clock.js';
import { TimerRegistry } from './model/timer-registry.js';

/** The part of `SchedulerRegistry` of `@nestjs/schedule` that we use. */
interface Registry {
  addTimeout(name: string, timer: unknown): void;
  deleteTimeout(name: string): void;
  doesExist(type: 'timeout', name: string): boolean;
}

/**
 * Shows our timers in the application's `SchedulerRegistry`, if it imports `ScheduleModule`. We never import that module
 * ourselves: a second `forRoot()` of it runs every timer of the application twice.
 */
@Injectable()
export class NestTimerRegistry extends TimerRegistry {
  #registry: Registry | undefined;

  constructor(private readonly moduleRef: ModuleRef) {
    super();
  }

  /** Looks for the application's registry; call once, when every module is there. */
  async connect(): Promise<void> {
    try {
      const { SchedulerRegistry } = await import('@nestjs/schedule');
      this.#registry = this.moduleRef.get(SchedulerRegistry, { strict: false });
    } catch {
      // Not installed, or not imported by this application: our timers are nobody's business then.
    }
  }

  show(name: string, timer: TimerHandle): void {
    this.hide(name);
    // Shown, not lent: what the registry clears at shutdown is not a Node timer, so our drain keeps its deadline.
    this.#registry?.addTimeout(name, timer);
  }

  hide(name: string): void {
    if (this.#registry?.doesExist('timeout', name)) this.#registry.deleteTimeout(name);
  }
}
