import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { freePort } from '../../bench/harness/redis.js';
import { ROOT, read } from '../docs/markdown.js';
import { newFolder, removeFolders } from './folder.js';
import { until } from './until.js';

/** Every answer of curl a line of its own, whatever the application prints meanwhile. */
const WHOLE_LINES = `curl() { local answer; answer=$(command curl "$@"); printf '%s\\n' "$answer"; }\n`;

/** A shell that somebody pastes the README of an example into, one block after the other. */
export interface Paster {
  /** All that was printed so far. */
  readonly output: () => string;
  /** What the calls of a block are answered. */
  readonly run: (block: string) => Promise<Record<string, unknown>[]>;
}

/** The blocks of the README of an example that say so run, word for word. */
export function blocksThatRun(example: string): string[] {
  const blocks = read(`apps/${example}/README.md`).matchAll(/<!-- runs -->\n```sh\n([\s\S]*?)```/g);
  return [...blocks].map(([, block = '']) => block);
}

/** A shell for each test of a file, in which only port and folder are other ones than in the README. */
export function usePaster(example: string): Paster {
  let port: number;
  let folder: string;
  let shell: ChildProcessWithoutNullStreams;
  let output: string;
  beforeEach(async () => {
    port = await freePort();
    folder = newFolder();
    output = '';
    const env = { ...process.env, PORT: String(port), DATA_DIR: folder };
    // An alias is for a shell that somebody types into.
    shell = spawn('bash', ['-O', 'expand_aliases'], { cwd: ROOT, env, detached: true });
    for (const stream of [shell.stdout, shell.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    shell.stdin.write(WHOLE_LINES);
  });
  afterEach(async () => {
    const ended = once(shell, 'close');
    process.kill(-Number(shell.pid), 'SIGTERM'); // the shell and what it started
    await ended;
    removeFolders();
  });
  const run = async (block: string): Promise<Record<string, unknown>[]> => {
    const from = output.length;
    const here = block.replaceAll('localhost:3000', `localhost:${port}`).replaceAll(`apps/${example}/data`, folder);
    shell.stdin.write(`${here}\necho "end of block"\n`);
    await until(() => output.slice(from).includes('end of block\n'), `the end of ${block}`);
    const lines = output.slice(from).split('\n');
    return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Record<string, unknown>);
  };
  return { output: () => output, run };
}

/** Its README names more than so many variables, and the script that plays it. @param settings the files that read variables */
export function itNamesWhatThereIs(example: string, settings: readonly string[], moreThan: number): void {
  it('names variables that the application reads, and scripts that there are', () => {
    const readme = read(`apps/${example}/README.md`);
    const source = settings.map((file) => read(join('apps', example, 'src', file))).join('\n');
    const named = [...readme.matchAll(/^\| (`[A-Z].*?) \|/gm)].flatMap(
      ([, cell = '']) => cell.match(/[A-Z_]{4,}/g) ?? [],
    );
    expect(named.length).toBeGreaterThan(moreThan);
    expect(named.filter((name) => !source.includes(name))).toEqual([]);
    const { scripts } = JSON.parse(read('package.json')) as { scripts: object };
    expect(scripts).toHaveProperty(`example:${example}`);
    expect(readme).toContain(`npm run example:${example}`);
  });
}
