import { spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { interrupt, play, saidToTheEnd, saidUntil, survivors } from '../../../test/support/program.js';
import { Proxy } from '../../../test/support/proxy.js';
import { databasesOf, sql } from '../../../test/support/sql.js';

const MAIN = join(__dirname, '../dist/main.js');
const POSTGRES = String(process.env['TEST_POSTGRES_URL']);

let temporary: string;

beforeEach(() => {
  temporary = mkdtempSync(join(tmpdir(), 'orders-e2e-'));
});
afterEach(() => rmSync(temporary, { recursive: true }));

const databases = () => databasesOf('orders_day_');

/** The cells of the rows of the table whose write begins so. */
function rowsOf(output: string, write: string): string[][] {
  const rows = output.split('\n').filter((line) => line.startsWith(`  ${write}`));
  return rows.map((row) => row.trim().split(/ {2,}/).slice(1));
}

it.each([
  ['SQLite', []],
  ['Postgres', ['--database', POSTGRES]],
])(
  'accounts for every write on %s, although some are taken back and the process is killed among committed ones',
  async (_name, args) => {
    const { code, output } = await saidToTheEnd(play(MAIN, args, temporary));

    expect({ code, output }).toEqual({
      code: 0,
      output: expect.stringMatching(/Every write is accounted for: (\d+) of \1\./) as string,
    });
    expect(output).toContain('3 were rolled back and have started nothing.');
    expect(output.match(/answered 409 and rolled back: 1 of the two is there/g)).toHaveLength(2);
    const nothing = ['–', '–', '–'];
    expect(rowsOf(output, 'A list')).toEqual([['upsert', '200', 'accepted ×2', 'completed ×2', 'welcome ×2']]);
    expect(rowsOf(output, 'A contract is ended')).toEqual([['SQL', 'COMMIT', 'accepted', 'completed', 'review']]);
    expect(rowsOf(output, 'All of Bea')).toEqual([['QueryBuilder', '201', 'accepted ×2', 'completed ×2', 'review ×2']]);
    expect(rowsOf(output, 'All become dearer')).toEqual([['QueryBuilder', '201', ...nothing]]);
    expect(rowsOf(output, 'Ada orders too much')).toEqual([['transaction', '409', ...nothing]]);
    expect(rowsOf(output, 'Bea pays again')).toEqual([['fire(…, { manager })', '409', ...nothing]]);
    expect(rowsOf(output, 'Eve and Fay')).toEqual([['SQL', 'ROLLBACK', ...nothing]]);
    expect(rowsOf(output, 'Gus, who')).toEqual([['SQL', 'COMMIT', 'rejected', '–', '–']]);
    expect(rowsOf(output, 'Gus, mended')).toEqual([['admin API', 'accepted', 'accepted', 'completed', 'welcome']]);
    expect(rowsOf(output, 'Two end')[0]).toContain('held ×2, then accepted ×2');
    expect(output).toMatch(/kill -9 \(process \d+\) when 3 changes are committed and none of them is fired/);
    expect(output).toContain('nobody is there: 4 changes wait');
    expect(rowsOf(output, 'Ida')).toEqual([
      ['save', '201', 'accepted', 'completed', 'welcome'],
      ['transaction', '201', 'accepted', 'completed', 'packing list'],
      ['fire(…, { manager })', '201', 'accepted', 'completed', 'receipt'],
    ]);
    expect(rowsOf(output, 'Jon')).toEqual([['SQL', 'COMMIT', 'accepted', 'completed', 'welcome']]);
    expect(rowsOf(output, 'Cyd comes back')).toEqual([['restore', '204', 'duplicate', '–', '–']]);
    expect([readdirSync(temporary), await databases(), survivors(output, 2)]).toEqual([[], [], []]);
  },
  120_000,
);

it('ends with 1 and says what is different where the database does not capture any more', async () => {
  const day = play(MAIN, ['--database', POSTGRES], temporary);
  await saidUntil(/six contracts/, day);
  const url = new URL(POSTGRES);
  url.pathname = `/${(await databases()).join()}`;
  await sql('ALTER TABLE orders DISABLE TRIGGER USER', url.href);
  const { code, output } = await saidToTheEnd(day);

  expect({ code, output }).toEqual({
    code: 1,
    output: expect.stringContaining('Not every write is accounted for:') as string,
  });
  expect(output).toContain('Ida orders a bell: firing is –, not accepted');
  expect(output).toContain('the post took 17 mails, not 20');
  expect([readdirSync(temporary), await databases()]).toEqual([[], []]);
}, 150_000);

it('leaves no process, no folder and no database behind when it is interrupted', async () => {
  const day = play(MAIN, ['--database', POSTGRES], temporary);
  const output = await saidUntil(/orders an anvil/, day);

  expect(await interrupt(day)).toEqual([1, null]);
  expect([readdirSync(temporary), await databases(), survivors(output, 1)]).toEqual([[], [], []]);
}, 60_000);

it('stays with --stay, for a look at the ledger by the commands that it prints', async () => {
  const day = play(MAIN, ['--stay'], temporary);
  const output = await saidUntil(/audit/, day);
  const [, token = ''] = /Bearer (\S+?)"/.exec(output) ?? [];
  const paths = [...output.matchAll(/^ {2}admin '?(http:[^\s']+)/gm)].map(([, path = '']) => path);
  expect(paths).toHaveLength(5);
  for (const path of paths) {
    const response = await fetch(path, { headers: { authorization: `Bearer ${token}` } });
    expect({ path, status: response.status }).toEqual({ path, status: 200 });
  }

  expect(await interrupt(day)).toEqual([0, null]);
  expect([readdirSync(temporary), survivors(output, 2)]).toEqual([[], []]);
}, 120_000);

/** What it complains of from here to its end. */
function complaintsOf({ stderr }: ChildProcess): Promise<string> {
  return text(stderr!);
}

it.each<readonly [string, (server: Proxy) => void, RegExp]>([
  ['refuses', (server) => server.cut(), /.+/],
  ['is silent', (server) => server.stall(), /timeout expired/],
])(
  'ends with 1, says why and leaves nothing behind where its Postgres %s',
  async (_what, harm, why) => {
    const server = await Proxy.to(POSTGRES);
    harm(server);
    const day = play(MAIN, ['--database', server.url], temporary);
    const complaints = complaintsOf(day);
    expect(await saidToTheEnd(day)).toEqual({ code: 1, output: '' });
    server.close();

    const { host, password } = new URL(server.url);
    expect(await complaints).toMatch(`orders: The Postgres of --database (${host}) does not make a database: `);
    expect(await complaints).toMatch(why);
    expect(await complaints).not.toContain(`:${password}@`);
    expect(readdirSync(temporary)).toEqual([]);
  },
  60_000,
);

it('ends with 1, and names the database that it could not drop, where its Postgres goes away', async () => {
  const server = await Proxy.to(POSTGRES);
  const day = play(MAIN, ['--database', server.url], temporary);
  const complaints = complaintsOf(day);
  const output = await saidUntil(/six contracts/, day);
  server.cut();
  const [code] = (await once(day, 'exit')) as [number | null];
  server.close();

  const [left = '', ...others] = await databases();
  expect(others).toEqual([]);
  await sql(`DROP DATABASE ${left} WITH (FORCE)`);
  expect({ code, complaints: await complaints }).toEqual({
    code: 1,
    complaints: expect.stringContaining(`orders: The database ${left} stays on the Postgres of --database`) as string,
  });
  expect([readdirSync(temporary), survivors(output, 1)]).toEqual([[], []]);
}, 120_000);

it('opens no shop without its token, and says so', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(__dirname, '../dist/serve/main.js')], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] },
  });
  const message = 'orders: Set TRIGGERS_ADMIN_TOKEN. One that nobody else has: export TRIGGERS_ADMIN_TOKEN=';
  expect({ status, stdout, stderr }).toEqual({ status: 1, stdout: '', stderr: expect.stringContaining(message) });
});

it('tells how it is called, and refuses what it does not know', () => {
  const said = (args: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });
    return { status, stdout, stderr };
  };
  expect(said(['--help'])).toMatchObject({ status: 0, stdout: expect.stringContaining('npm run example:orders --') });
  expect(said(['--database', 'shop.db'])).toEqual({
    status: 1,
    stdout: '',
    stderr: expect.stringMatching(/^orders: --database takes the URL of a Postgres server: \S+\n$/) as string,
  });
  expect(said(['--speed', '2'])).toMatchObject({
    status: 1,
    stdout: '',
    stderr: expect.stringContaining("orders: Unknown option '--speed'"),
  });
});
