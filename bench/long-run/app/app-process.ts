import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AppMessage, AppQuestion, AppQuestions, AppSettings } from './messages.js';

const MAIN = fileURLToPath(new URL('main.js', import.meta.url));

interface Waiting {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
}

/** A heap that grows can be looked into while it does: `kill -USR2` writes a snapshot beside the log. */
const SNAPSHOTS = '--heapsnapshot-signal=SIGUSR2';

/** The application in a process of its own, seen from outside. */
export class AppProcess {
  readonly #waiting = new Map<number, Waiting>();
  readonly #exit: Promise<unknown[]>;
  #asked = 0;

  private constructor(private readonly child: ChildProcess) {
    this.#exit = once(child, 'exit');
    child.on('message', (message: AppMessage) => this.#answered(message));
    void this.#exit.then(() => this.#failAll(new Error('The application ended.')));
  }

  /** Starts it and waits until it listens. What it prints goes into `log`. */
  static async start(settings: AppSettings, log: string): Promise<{ app: AppProcess; url: string }> {
    const output = openSync(log, 'a');
    const child = fork(MAIN, [JSON.stringify(settings)], {
      execArgv: [SNAPSHOTS, `--diagnostic-dir=${dirname(log)}`],
      stdio: ['ignore', output, output, 'ipc'],
    });
    const app = new AppProcess(child);
    const started = once(child, 'message') as Promise<[{ url: string }]>;
    const [{ url }] = await Promise.race([started, app.#exit.then(() => Promise.reject(new Error(`See ${log}.`)))]);
    return { app, url };
  }

  ask<Q extends AppQuestion>(question: Q, given: AppQuestions[Q]['asks']): Promise<AppQuestions[Q]['answers']> {
    const id = ++this.#asked;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.child.send({ id, question, given });
    });
  }

  /** Stops it as an operator does, and tells how it ended: the exit code, or a signal. */
  async stop(): Promise<number | string> {
    this.child.kill('SIGTERM');
    const [code, signal] = (await this.#exit) as [number | null, string];
    return code ?? signal;
  }

  #answered(message: AppMessage): void {
    if (!('id' in message)) return;
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if ('error' in message) waiting?.reject(new Error(message.error));
    else waiting?.resolve(message.answer as never);
  }

  #failAll(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
