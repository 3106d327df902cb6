import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const MAIN = join(__dirname, '../dist/main.js');
const TOKEN = 'a-token-for-tests';

/** Asks again until the answer is there, and says what was missing when it never comes. */
export async function until<T>(
  what: string,
  ask: () => T | Promise<T>,
  withinMs = 10_000,
): Promise<Exclude<T, null | undefined | false>> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (isAnswer(answer)) return answer;
    if (Date.now() > deadline) throw new Error(`Waited ${withinMs}ms in vain for: ${what}`);
    await wait(25);
  }
}

function isAnswer<T>(value: T): value is Exclude<T, null | undefined | false> {
  return value !== null && value !== undefined && value !== false;
}

/** An execution, as far as these tests look at it. */
export interface Execution {
  readonly workflow: string;
  readonly trigger: string;
  readonly state: string;
  readonly context: Record<string, unknown>;
  readonly error: { readonly message: string } | null;
}

/** The built demo as a process of its own, with everything that it prints. */
export class DemoProcess {
  output = '';
  errors = '';
  readonly #child: ChildProcess;
  readonly #exit: Promise<unknown[]>;

  constructor(env: Record<string, string>) {
    this.#child = spawn(process.execPath, [MAIN], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], PORT: '0', TRIGGERS_ADMIN_TOKEN: TOKEN, ...env },
    });
    this.#exit = once(this.#child, 'exit');
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.errors += text));
  }

  /** The exit code, or the signal that ended it. */
  async ended(): Promise<number | string> {
    const [code, signal] = (await this.#exit) as [number | null, string];
    return code ?? signal;
  }

  async stop(signal: NodeJS.Signals): Promise<number | string> {
    this.#child.kill(signal);
    return this.ended();
  }

  /** Where it listens, once it does. */
  url(): Promise<string> {
    return until('the address', () => {
      if (this.#child.exitCode !== null) throw new Error(`The demo ended: ${this.errors}`);
      return /admin +(http:\S+)\/admin\/triggers/.exec(this.output)?.[1];
    });
  }

  async post(path: string, body: object): Promise<{ status: number; body: unknown }> {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch((await this.url()) + path, { method: 'POST', headers, body: JSON.stringify(body) });
    return { status: response.status, body: await response.json() };
  }

  async get(path: string): Promise<{ status: number; body: unknown }> {
    const response = await fetch((await this.url()) + path);
    return { status: response.status, body: await response.json() };
  }

  /** What the admin API lists. */
  async executions(query: string): Promise<readonly Execution[]> {
    const response = await this.admin(`/executions?limit=1000&${query}`, TOKEN);
    const { items } = (await response.json()) as { items: readonly Execution[] };
    return items;
  }

  async admin(path: string, token?: string): Promise<Response> {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return fetch(`${await this.url()}/admin/triggers${path}`, { headers });
  }
}
