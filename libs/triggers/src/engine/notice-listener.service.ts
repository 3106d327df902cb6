import { Injectable } from '@nestjs/common';
import { Clock } from '../model/clock.js';
import type { ExecutionId } from '../model/ids.js';
import { TimerRegistry } from '../model/timer-registry.js';
import { Wakeups } from '../model/timers.js';
import type { Notice } from '../store/notices.js';
import { Store } from '../store/store.service.js';
import { Dispatcher } from './dispatcher.service.js';
import { Rescuer } from './rescuer.service.js';
import { TaskRunner } from './task-runner.service.js';

/** How often is looked for what does not come by itself. */
export const LOOK_EVERY_MS = 1_000;

/**
 * Acts at once on what other processes tell: claims what is ready, stops bodies of cancelled executions, and hands the
 * rest to the sources. Nothing depends on it: sweeps and renewals of the lease find the same, later.
 */
@Injectable()
export class NoticeListener {
  readonly #wakeups: Wakeups;
  #tellSources: (notice: Notice) => void = () => undefined;
  #on = false;

  constructor(
    private readonly store: Store,
    clock: Clock,
    timers: TimerRegistry,
    private readonly dispatcher: Dispatcher,
    private readonly runner: TaskRunner,
    private readonly rescuer: Rescuer,
  ) {
    this.#wakeups = new Wakeups(clock, 'triggers:notices', timers);
  }

  /** Listens until {@link stop}; `tellSources` is told what concerns triggers, and anything. */
  start(tellSources: (notice: Notice) => void): void {
    this.#tellSources = tellSources;
    this.#on = true;
    this.store.notices.listen((notice) => this.#on && this.#heard(notice));
    this.#lookAgain();
  }

  stop(): void {
    this.#on = false;
    this.#wakeups.clear();
  }

  #lookAgain(): void {
    this.#wakeups.after(LOOK_EVERY_MS, () => {
      this.#lookAgain();
      this.store.notices.look();
    });
  }

  #heard(notice: Notice): void {
    if (notice.about === 'ready' || notice.about === 'anything') this.dispatcher.noticed();
    if (notice.about === 'anything') this.#stopCancelled(this.runner.executions());
    if (notice.about === 'execution' && this.runner.executions().has(notice.id)) this.#stopCancelled([notice.id]);
    if (notice.about === 'trigger' || notice.about === 'anything') this.#tellSources(notice);
  }

  /** What cannot be read now is read at the next renewal. */
  #stopCancelled(among: Iterable<ExecutionId>): void {
    this.rescuer.stopCancelled(among).catch(() => undefined);
  }
}
