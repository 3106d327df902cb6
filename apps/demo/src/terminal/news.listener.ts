import { Injectable } from '@nestjs/common';
import { OnTriggers } from 'nestjs-triggers';
import type { TriggersEvent } from 'nestjs-triggers';
import { printFailed, printNews } from './lines.js';

/** Prints what happens to triggers. What happens to tasks is printed by the callbacks of the workflows. */
@Injectable()
export class NewsListener {
  readonly #fired = new Map<string, number>();

  /** A poll may fire many times: those of one turn become one line. */
  @OnTriggers('firing.accepted')
  fired({ trigger }: TriggersEvent<'firing.accepted'>): void {
    if (this.#fired.size === 0) setImmediate(() => this.#printFired());
    const name = trigger ?? 'by hand';
    this.#fired.set(name, (this.#fired.get(name) ?? 0) + 1);
  }

  @OnTriggers('firing.rejected', 'firing.dead')
  refused({ trigger, reason }: TriggersEvent<'firing.rejected' | 'firing.dead'>): void {
    printFailed(trigger ?? 'by hand', 'refused', reason);
  }

  @OnTriggers('trigger.failing', 'trigger.suspended')
  failing({ name, trigger, error }: TriggersEvent<'trigger.failing' | 'trigger.suspended'>): void {
    printFailed(trigger, name === 'trigger.failing' ? 'fails' : 'suspended', error);
  }

  @OnTriggers('trigger.recovered')
  recovered({ trigger, failures }: TriggersEvent<'trigger.recovered'>): void {
    printNews(trigger, 'works again', `after ${failures} failed polls`);
  }

  @OnTriggers('task.retrying')
  retrying({ task, attempt, error }: TriggersEvent<'task.retrying'>): void {
    printNews(task, `attempt ${attempt} failed`, `${error}; tried again`);
  }

  @OnTriggers('store.away')
  databaseAway({ error }: TriggersEvent<'store.away'>): void {
    printFailed('database', 'does not answer', error);
  }

  @OnTriggers('store.back')
  databaseBack(_event: TriggersEvent<'store.back'>): void {
    printNews('database', 'answers again');
  }

  #printFired(): void {
    for (const [trigger, times] of this.#fired) printNews(trigger, times === 1 ? 'fired' : `fired ${times} times`);
    this.#fired.clear();
  }
}
