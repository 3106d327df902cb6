import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { postgresUrl } from '../../../test/support/database.js';
import { interrupt, play, saidToTheEnd, saidUntil, survivors } from '../../../test/support/program.js';
import { databasesOf, sql } from '../../../test/support/sql.js';

const MAIN = join(__dirname, '../dist/main.js');
const POSTGRES = postgresUrl();

let temporary: string;

beforeEach(() => {
  temporary = mkdtempSync(join(tmpdir(), 'ticket-triage-e2e-'));
});
afterEach(() => rmSync(temporary, { recursive: true }));

const start = (args: readonly string[] = []) => play(MAIN, args, temporary);
const databases = () => databasesOf('ticket_triage_day_');

/** The cells of the rows of the table whose event begins so. */
function rowsOf(output: string, event: string): string[][] {
  const rows = output.split('\n').filter((line) => line.startsWith(`  ${event}`));
  return rows.map((row) => row.trim().split(/ {2,}/).slice(1));
}

it.each([
  ['SQLite', []],
  ['Postgres', ['--database', POSTGRES]],
])(
  'accounts for every event on %s, although the model fails and the process is killed among acknowledged tickets',
  async (_name, args) => {
    const { code, output } = await saidToTheEnd(start(args));

    expect({ code, output }).toEqual({
      code: 0,
      output: expect.stringMatching(/Every event is accounted for: (\d+) of \1\./) as string,
    });
    expect(output).toMatch(/kill -9 \(process \d+\) while the model thinks about [1-3] tickets/);
    expect(output).toMatch(/daily_report would fire at \S+T09:00:00\.000Z, /);
    const completed = ['accepted', 'completed'];
    expect(rowsOf(output, 'TKT-1006')).toEqual([['200 accepted, 200 duplicate', ...completed, '1', 'billing', '–']]);
    expect(rowsOf(output, 'clean_up, by its own tick')).toEqual([
      ['–', ...completed, expect.stringMatching(/^1/) as string, '–', '–'],
    ]);
    expect(rowsOf(output, 'signed with')).toEqual([['401', 'rejected', '–', '–', '–', '1']]);
    expect(rowsOf(output, 'A ticket without')).toEqual([['202 kept ×2', 'rejected', '–', '–', '–', '1']]);
    expect(rowsOf(output, 'TKT-1008')).toEqual([['202 accepted', ...completed, '1', 'accounts', '–']]);
    expect(rowsOf(output, 'TKT-1019')).toEqual([['no answer, 200 accepted', ...completed, '1', 'support', '–']]);
    expect(rowsOf(output, 'Everything once more')).toEqual([['200 duplicate ×19', '–', '–', '–', '–', '–']]);
    const rescued = ['1016', '1017', '1018'].flatMap((number) => rowsOf(output, `TKT-${number}`));
    expect(rescued.map(([, , , attempts]) => attempts)).toContain('1, rescued');
    expect(rowsOf(output, 'TKT-1020')).toEqual([['200 accepted', ...completed, '1, rescued', 'billing', '–']]);
    expect(output).toMatch(/repeated [1-3] that it had given before/);
    expect(output).toMatch(/took 26 messages; recognised 1 that it had before/);
    expect([readdirSync(temporary), await databases(), survivors(output, 1)]).toEqual([[], [], []]);
  },
  150_000,
);

it('ends with 1 and says what is different where dedup keys were lost', async () => {
  const day = start(['--database', POSTGRES]);
  await saidUntil(/^10:30/, day);
  const url = new URL(POSTGRES);
  url.pathname = `/${(await databases()).join()}`;
  // Those of the seven tickets before that, however far the day has gone meanwhile.
  await sql(
    `DELETE FROM triggers_dedup WHERE firing_id IN
      (SELECT id FROM triggers_firing WHERE trigger = 'tickets' AND state = 'accepted' ORDER BY id LIMIT 7)`,
    url.href,
  );
  const { code, output } = await saidToTheEnd(day);

  expect({ code, output }).toEqual({
    code: 1,
    output: expect.stringContaining('Not every event is accounted for:') as string,
  });
  expect(output).toMatch(/Everything once more: answered is 200 .*accepted ×7.*, not 200 duplicate ×19/);
  expect(output).toContain('TKT-1006 Refund, please: wentTo is billing and billing, not billing');
  expect(output.match(/execution \S+ belongs to no event/g)).toHaveLength(7);
  expect(output).toContain('the model answered 27 calls under 27 keys, for 20 tickets');
  expect([readdirSync(temporary), await databases()]).toEqual([[], []]);
}, 150_000);

it('ends with 1 and says why where its Postgres does not answer', () => {
  const server = 'postgres://operator:secret@127.0.0.1:1/postgres';
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, '--database', server], {
    encoding: 'utf8',
    env: { ...process.env, TMPDIR: temporary },
    // Where it hangs it has no status.
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
  expect({ status, stdout, stderr }).toEqual({
    status: 1,
    stdout: '',
    stderr: expect.stringMatching(
      /^ticket-triage: The Postgres of --database \(127\.0\.0\.1:1\) does not make a database: .*ECONNREFUSED/,
    ) as string,
  });
  expect(stderr).not.toContain('secret');
  expect(readdirSync(temporary)).toEqual([]);
}, 90_000);

it('leaves no process, no folder and no database behind when it is interrupted', async () => {
  const day = start(['--database', POSTGRES]);
  const output = await saidUntil(/^10:00/, day);

  expect(await interrupt(day)).toEqual([1, null]);
  expect([readdirSync(temporary), await databases(), survivors(output, 1)]).toEqual([[], [], []]);
}, 60_000);

it('stays with --stay, for a look at the ledger by the commands that it prints', async () => {
  const day = start(['--stay']);
  const output = await saidUntil(/audit/, day);
  const [, token = ''] = /Bearer (\S+?)"/.exec(output) ?? [];
  const paths = [...output.matchAll(/^ {2}admin '?(http:[^\s']+)/gm)].map(([, path = '']) => path);
  expect(paths).toHaveLength(5);
  for (const path of paths) {
    const response = await fetch(path, { headers: { authorization: `Bearer ${token}` } });
    expect({ path, status: response.status }).toEqual({ path, status: 200 });
  }
  expect(await interrupt(day)).toEqual([0, null]);
  expect([readdirSync(temporary), survivors(output, 1)]).toEqual([[], []]);
}, 120_000);

it.each([
  ['serve/main.js', 'ticket-triage: Set TRIGGERS_ADMIN_TOKEN. One that nobody else has: export TRIGGERS_ADMIN_TOKEN='],
  ['sign/main.js', 'sign: Set WEBHOOK_SECRET to what the server has.'],
])('%s does nothing without its secrets, and says which', (program, message) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(__dirname, '../dist', program)], {
    encoding: 'utf8',
    input: '{}',
    env: { PATH: process.env['PATH'] },
  });
  expect({ status, stdout, stderr }).toEqual({ status: 1, stdout: '', stderr: expect.stringContaining(message) });
});

it('tells how it is called, and refuses what it does not know', () => {
  const said = (args: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });
    return { status, stdout, stderr };
  };
  expect(said(['--help'])).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('npm run example:ticket-triage --'),
  });
  expect(said(['--speed', '2'])).toMatchObject({
    status: 1,
    stdout: '',
    stderr: expect.stringContaining("ticket-triage: Unknown option '--speed'"),
  });
});
