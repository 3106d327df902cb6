import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { BASE, TOKEN, cleanUp } from './app.js';
import { removeFolders } from './folder.js';
import { until } from './until.js';

const FIXTURES = join(__dirname, 'fixtures');
const BUILT = resolve(__dirname, '../../libs/triggers/dist/index.js');
const children: Child[] = [];

/** What a fixture tells on stdout. */
type Told = Readonly<Record<string, unknown>>;

/** An application in a process of its own, of the built package under plain node. */
export class Child {
  readonly told: Told[] = [];
  stderr = '';
  readonly #exit: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;

  constructor(readonly process: ChildProcess) {
    children.push(this);
    this.#exit = once(process, 'exit').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
    }));
    process.stderr?.on('data', (text: Buffer) => (this.stderr += text.toString()));
    const lines = createInterface({ input: process.stdout as NodeJS.ReadableStream });
    lines.on('line', (line) => this.told.push(told(line)));
  }

  get pid(): number {
    return this.process.pid ?? -1;
  }

  get isRunning(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  /** Waits until it has told something of that kind, and returns that. */
  async says(kind: string): Promise<unknown> {
    const found = await until(
      () => this.told.find((line) => kind in line) ?? (this.isRunning ? undefined : { [kind]: undefined }),
      `the child says "${kind}"; it said ${JSON.stringify(this.told.slice(-5))} ${this.stderr}`,
      30_000,
    );
    if (found[kind] === undefined) throw new Error(`The child ended instead of saying "${kind}": ${this.stderr}`);
    return found[kind];
  }

  kill(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }

  /** How it ended; fails when it does not end within `deadlineMs`. */
  async exit(deadlineMs = 15_000): Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }> {
    await until(() => !this.isRunning, `the child ends; it said ${JSON.stringify(this.told.slice(-5))}`, deadlineMs);
    return this.#exit;
  }

  /** Calls its admin API; `undefined` when it does not answer. */
  async call(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<any> /* eslint-disable-line @typescript-eslint/no-explicit-any -- what a test expects of it, it says itself */ {
    const url = String(await this.says('ready'));
    const response = await fetch(url + BASE + path, {
      method,
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return response.json();
  }
}

/** Starts a fixture. {@link endAll} ends it, whatever it does. */
export function spawnChild(fixture: string, environment: Readonly<Record<string, string>>): Child {
  if (!existsSync(BUILT)) throw new Error('libs/triggers/dist is missing: run `npm run build` first.');
  const { PATH = '', HOME = '' } = process.env;
  return new Child(
    spawn(process.execPath, [join(FIXTURES, fixture)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH, HOME, ...environment },
    }),
  );
}

/** Ends every child and every application, whatever they do, and takes their databases and folders away. */
export async function endAll(): Promise<void> {
  for (const child of children.splice(0)) {
    if (child.isRunning) child.kill('SIGKILL');
    await child.exit();
  }
  await cleanUp();
  removeFolders();
}

function told(line: string): Told {
  try {
    return JSON.parse(line) as Told;
  } catch {
    return { text: line };
  }
}
