import { fileURLToPath } from 'node:url';
import { ChildProgram } from '../../harness/child-program.js';

const MAIN = fileURLToPath(new URL('main.js', import.meta.url));

/** The idle process beside the application, seen from outside. */
export class ControlProcess {
  readonly #program: ChildProgram<number>;

  /** @param file what it writes to: on the same disk as the database */
  constructor(file: string) {
    this.#program = new ChildProgram(MAIN, [file]);
  }

  /** Its event-loop delay since it was asked last, p99 in ms. */
  delayP99(): Promise<number> {
    return this.#program.ask();
  }

  stop(): Promise<void> {
    return this.#program.letGo();
  }
}
