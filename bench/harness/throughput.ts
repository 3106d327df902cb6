import type { INestApplicationContext } from '@nestjs/common';
import { WorkflowRunner } from 'nestjs-triggers';
import type { TriggersOptions } from 'nestjs-triggers';
import { startApp } from './app.js';
import type { Backends } from './app.js';
import { Completions } from './completions.js';
import { timed } from './event-loop.js';
import type { Sample } from './rounds.js';

/** Callers that fire at once, each its next when the one before is durable. */
const CALLERS = 200;

type AnyClass = abstract new (...args: never[]) => object;

/** Fires executions as fast as they go and waits until every one is recorded as completed. */
export class Throughput {
  readonly #completions: Completions;
  readonly #runner: WorkflowRunner;

  private constructor(private readonly app: INestApplicationContext) {
    this.#completions = app.get(Completions);
    this.#runner = app.get(WorkflowRunner);
  }

  static async start(
    backends: Backends,
    workflows: (AnyClass & (new () => object))[],
    options: TriggersOptions = {},
  ): Promise<Throughput> {
    return new Throughput(await startApp(backends, [Completions, ...workflows], options));
  }

  /** Fires `count` executions of a workflow through {@link WorkflowRunner.start}. */
  measure(workflow: AnyClass, count: number, payload: (index: number) => object): Promise<Sample> {
    return timed(count, async () => {
      const completed = this.#completions.of(count);
      let next = 0;
      const caller = async (): Promise<void> => {
        while (next < count) await this.#runner.start(workflow, payload(next++));
      };
      await Promise.all(Array.from({ length: CALLERS }, caller));
      await completed;
    });
  }

  close(): Promise<void> {
    return this.app.close();
  }
}
