import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../node/main.js', import.meta.url));
/** More than a node takes to drain (20 s) and to close. */
const STOP_WITHIN_MS = 30_000;

/** How a process of the cluster is started. */
export interface NodePlan {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  /** Where its log goes. */
  readonly folder: string;
}

/** One process of the cluster. */
export class NodeProcess {
  #child: ChildProcess | undefined;
  #ended: Promise<unknown> | undefined;
  state = 'starts';
  url = '';

  constructor(private readonly plan: NodePlan) {}

  get name(): string {
    return this.plan.name;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Whether it has ended although nobody here told it to. */
  get hasDied(): boolean {
    return this.state === 'lives' && this.#hasEnded;
  }

  get #hasEnded(): boolean {
    return this.#child !== undefined && (this.#child.exitCode !== null || this.#child.signalCode !== null);
  }

  /** Resolves when it answers. @throws Error with the end of its log when it does not come up */
  async start(): Promise<void> {
    this.state = 'starts';
    const log = openSync(this.#log, 'a');
    const { PATH, HOME, TZ } = process.env;
    const child = fork(MAIN, [], {
      // Ctrl-C reaches the show alone, which stops its nodes in order.
      detached: true,
      stdio: ['ignore', log, log, 'ipc'],
      env: { PATH, HOME, TZ, NO_COLOR: '1', ...this.plan.env, NODE_NAME: this.name, PORT: '0' },
    });
    closeSync(log);
    this.#child = child;
    this.#ended = once(child, 'exit');
    const [message] = (await Promise.race([once(child, 'message'), this.#ended.then(() => [])])) as unknown[];
    if (message === undefined) throw new Error(`${this.name} did not start:\n${this.lastWords()}`);
    this.url = (message as { url: string }).url;
    this.state = 'lives';
  }

  /** As the kernel or a power cut would: nothing can be tidied up. */
  async kill(): Promise<void> {
    this.state = 'killed';
    this.#child?.kill('SIGKILL');
    await this.#ended;
  }

  /** Lets it end what it runs. @returns whether it ended by itself, and well */
  async stop(): Promise<boolean> {
    const child = this.#child;
    if (child === undefined || this.#hasEnded) return this.state === 'killed';
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
    child.kill('SIGTERM');
    await this.#ended;
    clearTimeout(timer);
    this.state = child.exitCode === 0 ? 'stopped' : `ended with ${child.exitCode ?? child.signalCode}`;
    return child.exitCode === 0;
  }

  /** The end of its log. */
  lastWords(): string {
    return readFileSync(this.#log, 'utf8').trimEnd().split('\n').slice(-10).join('\n');
  }

  get #log(): string {
    return join(this.plan.folder, `${this.name}.log`);
  }
}
