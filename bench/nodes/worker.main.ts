import 'reflect-metadata';
import { OnTriggers } from 'nestjs-triggers';
import type { TriggersOptions } from 'nestjs-triggers';
import { startApp } from '../harness/app.js';
import type { Backends } from '../harness/app.js';
import { Patient } from './patient.workflow.js';

/** How often the other process is told how much was done. */
const TELL_EVERY_MS = 5;

/** Runs tasks, counts what has completed, and tells the process that started this one; ends with it. */
class Completions {
  #done = 0;
  #told = 0;

  @OnTriggers('execution.completed')
  completed(): void {
    this.#done += 1;
  }

  tell(): void {
    if (this.#done > this.#told) process.send?.(this.#done - this.#told);
    this.#told = this.#done;
  }
}

const [backends, options] = process.argv.slice(2).map((text) => JSON.parse(text) as unknown);
const app = await startApp(backends as Backends, [Completions, Patient], options as TriggersOptions);
const completions = app.get(Completions);
const timer = setInterval(() => completions.tell(), TELL_EVERY_MS);
process.once('disconnect', () => {
  clearInterval(timer);
  void app.close();
});
process.send?.(0);
