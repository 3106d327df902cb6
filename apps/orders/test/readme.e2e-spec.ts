/** The blocks of the README that say so run, word for word, one after the other in one shell; only port and folder are other ones. */
import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { until } from '../../../test/support/until.js';

const ROOT = resolve(__dirname, '../../..');
const README = readFileSync(resolve(__dirname, '../README.md'), 'utf8');
const [START = '', WRITE = '', BEHIND = '', LOOK = ''] = [
  ...README.matchAll(/<!-- runs -->\n```sh\n([\s\S]*?)```/g),
].map(([, block = '']) => block);

let port: number;
let folder: string;
let shell: ChildProcessWithoutNullStreams;
let output: string;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Every answer of curl a line of its own, whatever the application prints meanwhile. */
const WHOLE_LINES = `curl() { local answer; answer=$(command curl "$@"); printf '%s\\n' "$answer"; }\n`;

/** What the calls of a block are answered. */
async function run(block: string): Promise<Record<string, unknown>[]> {
  const from = output.length;
  const here = block.replaceAll('localhost:3000', `localhost:${port}`).replaceAll('apps/orders/data', folder);
  shell.stdin.write(`${here}\necho "end of block"\n`);
  await until(() => output.slice(from).includes('end of block\n'), `the end of ${block}`);
  const lines = output.slice(from).split('\n');
  return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Record<string, unknown>);
}

beforeEach(async () => {
  port = await freePort();
  folder = mkdtempSync(join(tmpdir(), 'orders-readme-'));
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
  rmSync(folder, { recursive: true, force: true });
});

it('is right about every command that it shows', async () => {
  await run(START);
  await until(() => /^shop +http/m.test(output), 'the application listens');

  expect(await run(WRITE)).toMatchObject([{ id: 1, name: 'Ada' }, { status: 'draft' }, { status: 'active' }]);
  await until(() => output.includes('welcome → ada@example.com'), 'Ada is welcomed');

  await run(BEHIND);
  await until(() => output.includes('contract 1 was active, is ended'), 'the contract is looked at');

  expect(await run(LOOK)).toMatchObject([
    { items: [{ workflow: 'onboarding', state: 'completed' }] },
    { items: [{ state: 'accepted', context: { contractId: 1, from: 'active', to: 'ended' } }] },
  ]);
}, 60_000);

it('names variables that the application reads, and scripts that there are', () => {
  const settings = readFileSync(resolve(__dirname, '../src/settings.ts'), 'utf8');
  const named = [...README.matchAll(/^\| (`[A-Z].*?) \|/gm)].flatMap(
    ([, cell = '']) => cell.match(/[A-Z_]{4,}/g) ?? [],
  );
  expect(named.length).toBeGreaterThan(4);
  expect(named.filter((name) => !settings.includes(name))).toEqual([]);
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: object };
  expect(scripts).toHaveProperty('example:orders');
  expect(README).toContain('npm run example:orders');
});
