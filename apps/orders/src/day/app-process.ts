import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../serve/main.js', import.meta.url));
/** More than the application takes to drain (20 s) and to close. */
const STOP_WITHIN_MS = 30_000;

/** The application as a process of its own, as it runs in production: it can be killed. */
export class AppProcess {
  #child: ChildProcess | undefined;
  #ended: Promise<unknown> | undefined;
  url = '';

  /** @param folder where its data and its log are */
  constructor(
    private readonly folder: string,
    private readonly env: Readonly<Record<string, string>>,
  ) {}

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Resolves when it answers. @throws Error with the end of its log when it does not come up */
  async start(): Promise<void> {
    const log = openSync(this.#log, 'a');
    const { PATH, HOME, TZ } = process.env;
    const child = fork(MAIN, [], {
      // Ctrl-C reaches the day alone, which stops the application in order.
      detached: true,
      stdio: ['ignore', log, log, 'ipc'],
      env: { PATH, HOME, TZ, NO_COLOR: '1', PORT: '0', DATA_DIR: this.folder, ...this.env },
    });
    closeSync(log);
    this.#child = child;
    this.#ended = once(child, 'exit');
    const [message] = (await Promise.race([once(child, 'message'), this.#ended.then(() => [])])) as unknown[];
    if (message === undefined) throw new Error(`The application did not start:\n${this.lastWords()}`);
    this.url = (message as { url: string }).url;
  }

  /** As the kernel or a power cut would: nothing can be tidied up. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#ended;
  }

  /** Lets it end what it runs. @returns its exit code, or the signal that ended it */
  async stop(): Promise<number | string | null> {
    const child = this.#child;
    if (child === undefined) return null;
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await this.#ended;
    clearTimeout(timer);
    return child.exitCode ?? child.signalCode;
  }

  /** The end of its log. */
  lastWords(): string {
    return readFileSync(this.#log, 'utf8').trimEnd().split('\n').slice(-20).join('\n');
  }

  get #log(): string {
    return join(this.folder, 'app.log');
  }
}
