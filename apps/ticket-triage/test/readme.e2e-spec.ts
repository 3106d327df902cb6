/** The blocks of the README that say so run, word for word, one after the other in one shell; only the port is another one. */
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
const [START = '', DELIVER = '', LOOK = ''] = [...README.matchAll(/<!-- runs -->\n```sh\n([\s\S]*?)```/g)].map(
  ([, block = '']) => block.replaceAll('headers.txt', '"$DATA_DIR/headers.txt"'),
);

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
  shell.stdin.write(`${block.replaceAll('localhost:3000', `localhost:${port}`)}\necho "end of block"\n`);
  await until(() => output.slice(from).includes('end of block\n'), `the end of ${block}`);
  const lines = output.slice(from).split('\n');
  return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Record<string, unknown>);
}

beforeEach(async () => {
  port = await freePort();
  folder = mkdtempSync(join(tmpdir(), 'ticket-triage-readme-'));
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
  await until(() => /^model +http/m.test(output), 'the application listens');

  const [first] = await run(DELIVER);
  expect(first).toMatchObject({ status: 'accepted', executionIds: [expect.any(String)] });
  await until(() => output.includes('teams/billing  {"ticketId":"TKT-1001"'), 'the team is told');

  const again = DELIVER.slice(DELIVER.indexOf('curl'));
  expect(await run(again)).toMatchObject([{ status: 'duplicate', firingId: first?.['firingId'] }]);
  const other = again.replace('@apps/ticket-triage/ticket.json', `'{"ticket_id":"TKT-1002"}'`);
  expect(await run(other)).toMatchObject([{ statusCode: 401 }]);

  expect(await run(LOOK)).toMatchObject([
    { items: [{ firingId: first?.['firingId'], workflow: 'ticket_triage' }] },
    { kind: 'schedule', nextFireTimes: expect.arrayContaining([expect.stringMatching(/T09:00:00.000Z$/)]) },
    { status: 'accepted' },
  ]);
}, 60_000);

it('names variables that the application reads, and scripts that there are', () => {
  const settings = ['../src/settings.ts', '../src/model/model-call.options.ts'].map((path) =>
    readFileSync(resolve(__dirname, path), 'utf8'),
  );
  const named = [...README.matchAll(/^\| (`[A-Z].*?) \|/gm)].flatMap(
    ([, cell = '']) => cell.match(/[A-Z_]{4,}/g) ?? [],
  );
  expect(named.length).toBeGreaterThan(8);
  expect(named.filter((name) => !settings.some((text) => text.includes(name)))).toEqual([]);
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: object };
  expect(scripts).toHaveProperty('example:ticket-triage');
  expect(README).toContain('npm run example:ticket-triage');
});
