import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TOKEN } from '../worker/settings.js';
import type { Command, Told, WorkerSettings } from '../worker/settings.js';
import { WEBHOOK, signed } from '../worker/webhook.js';
import { pause } from '../pause.js';
import { until } from '../../support/until.js';

const MAIN = fileURLToPath(new URL('../worker/main.js', import.meta.url));
const LOOK_EVERY_MS = 10;
const PATIENCE_MS = 30_000;
const CALL_TIMEOUT_MS = 3_000;

/** What an HTTP call was answered; `null` when it was not answered at all. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

interface Request {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A worker application in a process of its own. */
export class WorkerProcess {
  url: string | undefined;
  readonly #told: Told[] = [];
  readonly #process: ChildProcess;

  constructor(readonly settings: WorkerSettings) {
    const log = openSync(join(settings.folder, `${settings.name}.log`), 'a');
    this.#process = fork(MAIN, { stdio: ['ignore', log, log, 'ipc'], env: environment(settings) });
    closeSync(log);
    this.#process.on('message', (message: Told) => {
      this.#told.push(message);
      if ('ready' in message) this.url = message.ready.replace('[::1]', '127.0.0.1');
    });
    // A command may meet a process that has just died.
    this.#process.on('error', () => undefined);
  }

  get name(): string {
    return this.settings.name;
  }

  get pid(): number {
    return this.#process.pid ?? -1;
  }

  get isRunning(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** Whether it has ended by itself with an error. */
  get hasFailed(): boolean {
    return this.#process.exitCode !== null && this.#process.exitCode !== 0;
  }

  /** Waits until it serves, or has ended. */
  async ready(): Promise<void> {
    await until(() => this.url !== undefined || !this.isRunning, `${this.name} is ready`, PATIENCE_MS);
    if (this.hasFailed) throw new Error(`${this.name} did not start, see its log`);
  }

  signal(signal: NodeJS.Signals): void {
    if (this.isRunning) this.#process.kill(signal);
  }

  /** Sends a signal that ends it, and waits until it has ended. */
  async end(signal: NodeJS.Signals): Promise<void> {
    this.signal(signal);
    await this.ended();
  }

  async ended(): Promise<void> {
    await until(() => !this.isRunning, `${this.name} ends`, PATIENCE_MS);
  }

  /** Whether it ends by itself within so long. */
  async endsWithin(ms: number): Promise<boolean> {
    for (const deadline = performance.now() + ms; this.isRunning && performance.now() < deadline;)
      await pause(LOOK_EVERY_MS);
    return !this.isRunning;
  }

  /** Sends a command and waits for the answer, or for the end of the process. */
  async ask(command: Command): Promise<Told | undefined> {
    if (!this.isRunning) return undefined;
    const seen = this.#told.length;
    this.#process.send(command);
    await until(() => this.#told.length > seen || !this.isRunning, `${this.name} answers`, PATIENCE_MS);
    return this.#told[seen];
  }

  /** Calls its admin API; `null` when nobody answers. */
  call(method: 'GET' | 'POST' | 'PATCH', path: string, body?: unknown, key?: string): Promise<Answer | null> {
    return this.#request(`admin/triggers${path}`, {
      method,
      headers: { authorization: `Bearer ${TOKEN}`, ...(key !== undefined && { 'idempotency-key': key }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }

  /** Sends an event to its webhook, signed as itself; `null` when nobody answers. */
  deliver(id: string, event: unknown): Promise<Answer | null> {
    const body = JSON.stringify(event);
    return this.#request(`webhooks/${WEBHOOK.path}`, { method: 'POST', headers: signed(id, body), body });
  }

  async #request(path: string, { headers, ...request }: Request): Promise<Answer | null> {
    if (this.url === undefined || !this.isRunning) return null;
    try {
      const response = await fetch(`${this.url}/${path}`, {
        ...request,
        headers: { ...headers, 'content-type': 'application/json' },
        signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
      });
      return { status: response.status, body: await response.json() };
    } catch {
      return null;
    }
  }

  /** For the very end of a round: whatever it does, it ends. */
  async destroy(): Promise<void> {
    if (!this.isRunning) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
  }
}

function environment(settings: WorkerSettings): NodeJS.ProcessEnv {
  const { PATH = '', HOME = '' } = process.env;
  return { PATH, HOME, NODE_ENV: 'production', CHAOS: JSON.stringify(settings) };
}
