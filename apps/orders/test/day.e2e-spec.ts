import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { postgresUrl } from '../../../test/support/database.js';
import { itIsAPlay, itStays, rowsOf, usePlay } from '../../../test/support/play.contract.js';
import { saidToTheEnd, saidUntil, survivors } from '../../../test/support/program.js';
import { Proxy } from '../../../test/support/proxy.js';
import { sql } from '../../../test/support/sql.js';

const POSTGRES = postgresUrl();
const day = usePlay('orders', 'orders_day_');

it.each([
  ['SQLite', []],
  ['Postgres', ['--database', POSTGRES]],
])(
  'accounts for every write on %s, although some are taken back and the process is killed among committed ones',
  async (_name, args) => {
    const { code, output } = await saidToTheEnd(day.start(args));

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
    expect([await day.remains(), survivors(output, 2)]).toEqual([[], []]);
  },
  120_000,
);

it('ends with 1 and says what is different where the database does not capture any more', async () => {
  const program = day.start(['--database', POSTGRES]);
  await saidUntil(/six contracts/, program);
  const url = new URL(POSTGRES);
  url.pathname = `/${(await day.databases()).join()}`;
  await sql('ALTER TABLE orders DISABLE TRIGGER USER', url.href);
  const { code, output } = await saidToTheEnd(program);

  expect({ code, output }).toEqual({
    code: 1,
    output: expect.stringContaining('Not every write is accounted for:') as string,
  });
  expect(output).toContain('Ida orders a bell: firing is –, not accepted');
  expect(output).toContain('the post took 17 mails, not 20');
  expect(await day.remains()).toEqual([]);
}, 150_000);

itIsAPlay(day, { args: [], underWay: /orders an anvil/, processes: 1, saysFirst: /^$/ });
itStays(day, 2);

it('ends with 1, and names the database that it could not drop, where its Postgres goes away in the middle', async () => {
  const server = await Proxy.to(POSTGRES);
  const program = day.start(['--database', server.url]);
  const complaints = text(program.stderr!);
  const output = await saidUntil(/six contracts/, program);
  server.cut();
  const [code] = (await once(program, 'exit')) as [number | null];
  server.close();

  const [left = ''] = await day.databases();
  expect({ code, complaints: await complaints }).toEqual({
    code: 1,
    complaints: expect.stringContaining(`orders: The database ${left} stays on the Postgres of --database`) as string,
  });
  expect([await day.remains(), survivors(output, 1)]).toEqual([[left], []]);
}, 120_000);

it('opens no shop without its token, and says so', () => {
  const message = 'orders: Set TRIGGERS_ADMIN_TOKEN. One that nobody else has: export TRIGGERS_ADMIN_TOKEN=';
  expect(day.said([], { program: 'serve/main.js', env: { PATH: process.env['PATH'] } })).toEqual({
    status: 1,
    stdout: '',
    stderr: expect.stringContaining(message) as string,
  });
});
