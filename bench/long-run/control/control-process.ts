import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('main.js', import.meta.url));

/** The idle process beside the application, seen from outside. */
export class ControlProcess {
  readonly #child: ChildProcess;

  /** @param file what it writes to: on the same disk as the database */
  constructor(file: string) {
    this.#child = fork(MAIN, [file]);
  }

  /** Its event-loop delay since it was asked last, p99 in ms. */
  async delayP99(): Promise<number> {
    const answered = once(this.#child, 'message');
    this.#child.send('');
    const [delay] = (await answered) as [number];
    return delay;
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }
}
