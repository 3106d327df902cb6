import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/**
 * A program of ours in a process of its own: what other benches left in memory does not come and go with it, and cores are shared
 * as by any two processes. It tells values, and ends when it is let go.
 */
export class ChildProgram<Told = never> {
  /** Fails when it ended in any other way than by itself, well. */
  readonly ended: Promise<void>;
  readonly #child: ChildProcess;

  /** @param file as built */
  constructor(file: string, args: readonly string[]) {
    this.#child = fork(file, args);
    this.ended = once(this.#child, 'exit').then(([code, signal]) => {
      if (code !== 0)
        throw new Error(`The process of ${file} ended with ${code ?? signal}; its reason is printed above.`);
    });
    // Who waits for nothing at that moment learns it with the next question.
    this.ended.catch(() => undefined);
  }

  /** Hears everything that it tells from now on. */
  onTold(listener: (told: Told) => void): void {
    this.#child.on('message', listener);
  }

  /** What it tells next. */
  next(): Promise<Told> {
    const tells = once(this.#child, 'message').then(([told]) => told as Told);
    return this.before(tells);
  }

  /** Sends it a message without content, and waits for the answer. */
  ask(): Promise<Told> {
    const answer = this.next();
    this.#child.send('');
    return answer;
  }

  /** Waits for something that does not happen any more when this process has ended. */
  before<Value>(happens: Promise<Value>): Promise<Value> {
    const gone = this.ended.then(() => Promise.reject(new Error('A process that was still needed has ended.')));
    return Promise.race([happens, gone]);
  }

  /** Lets it end, and waits until it has. */
  async letGo(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    await this.ended;
  }
}
