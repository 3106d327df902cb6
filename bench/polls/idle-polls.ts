import { TriggerResult } from 'nestjs-triggers';
import type { RuntimeTrigger } from 'nestjs-triggers';
import { OneTask } from '../harness/one-task.workflow.js';
import { percentile } from '../harness/statistics.js';

/** Triggers that never fire, and how late they are polled: against the poll before, plus the interval. */
export class IdlePolls {
  readonly #last: number[] = [];
  #lateness: number[] = [];

  constructor(private readonly intervalMs: number) {}

  trigger(index: number): RuntimeTrigger {
    return {
      name: `idle_${index}`,
      workflow: OneTask,
      pollInterval: `${this.intervalMs}ms`,
      poll: () => this.poll(index),
    };
  }

  /** The work of one poll: notes when it is, and skips. */
  async poll(index: number): Promise<TriggerResult<never>> {
    this.#note(index);
    return TriggerResult.skip();
  }

  reset(): void {
    this.#lateness = [];
  }

  /** What was seen since {@link reset}. */
  seen(windowMs: number): { calls: number; lateP99: number; latest: number } {
    return {
      calls: (this.#lateness.length * 1_000) / windowMs,
      lateP99: percentile(this.#lateness, 0.99),
      latest: percentile(this.#lateness, 1),
    };
  }

  #note(index: number): void {
    const now = performance.now();
    this.#lateness.push(Math.max(0, now - (this.#last[index] ?? now) - this.intervalMs));
    this.#last[index] = now;
  }
}
