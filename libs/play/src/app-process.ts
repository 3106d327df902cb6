import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** More than an application takes to drain (20 s) and to close. */
const CLOSES_WITHIN_MS = 30_000;

/** How a process is started. */
export interface ProcessPlan {
  /** How it and its log are called. */
  readonly name: string;
  /** The program. When it answers over HTTP it tells who has started it where: `process.send({ url })`. */
  readonly main: URL;
  /** Beside what every process gets; a free port is chosen for it. */
  readonly env: Readonly<Record<string, string>>;
  /** Where its log goes. */
  readonly folder: string;
}

/** An application as a process of its own, as it runs in production: it can be killed. */
export class AppProcess {
  #child: ChildProcess | undefined;
  #ended: Promise<unknown> | undefined;
  url = '';

  constructor(private readonly plan: ProcessPlan) {}

  get name(): string {
    return this.plan.name;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Whether it was started, and is no more. */
  get hasEnded(): boolean {
    return this.#child !== undefined && (this.#child.exitCode !== null || this.#child.signalCode !== null);
  }

  /** Resolves when it answers. @throws Error with the end of its log when it does not come up */
  async start(): Promise<void> {
    const log = openSync(this.#log, 'a');
    const { PATH, HOME, TZ } = process.env;
    const child = fork(this.plan.main, [], {
      // Ctrl-C reaches the play alone, which stops the application in order.
      detached: true,
      stdio: ['ignore', log, log, 'ipc'],
      env: { PATH, HOME, TZ, NO_COLOR: '1', ...this.plan.env, PORT: '0' },
    });
    closeSync(log);
    this.#child = child;
    this.#ended = once(child, 'exit');
    const [message] = (await Promise.race([once(child, 'message'), this.#ended.then(() => [])])) as unknown[];
    if (message === undefined) throw new Error(`${this.name} did not start:\n${this.lastWords()}`);
    this.url = (message as { url: string }).url;
  }

  /** As the kernel or a power cut would: nothing can be tidied up. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#ended;
  }

  /** Lets it end what it runs. @returns its exit code, or the signal that ended it; `null` when it never ran */
  async close(): Promise<number | string | null> {
    const child = this.#child;
    if (child === undefined) return null;
    const timer = setTimeout(() => child.kill('SIGKILL'), CLOSES_WITHIN_MS);
    if (!this.hasEnded) child.kill('SIGTERM');
    await this.#ended;
    clearTimeout(timer);
    return child.exitCode ?? child.signalCode;
  }

  /** The end of its log. */
  lastWords(lines = 20): string {
    return readFileSync(this.#log, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  }

  get #log(): string {
    return join(this.plan.folder, `${this.name}.log`);
  }
}
