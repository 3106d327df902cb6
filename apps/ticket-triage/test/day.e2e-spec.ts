import { postgresUrl } from '../../../test/support/database.js';
import { itIsAPlay, itStays, rowsOf, usePlay } from '../../../test/support/play.contract.js';
import { saidToTheEnd, saidUntil, survivors } from '../../../test/support/program.js';
import { sql } from '../../../test/support/sql.js';

const POSTGRES = postgresUrl();
const day = usePlay('ticket-triage', 'ticket_triage_day_');

it.each([
  ['SQLite', []],
  ['Postgres', ['--database', POSTGRES]],
])(
  'accounts for every event on %s, although the model fails and the process is killed among acknowledged tickets',
  async (_name, args) => {
    const { code, output } = await saidToTheEnd(day.start(args));

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
    expect([await day.remains(), survivors(output, 1)]).toEqual([[], []]);
  },
  150_000,
);

it('ends with 1 and says what is different where dedup keys were lost', async () => {
  const program = day.start(['--database', POSTGRES]);
  await saidUntil(/^10:30/, program);
  const url = new URL(POSTGRES);
  url.pathname = `/${(await day.databases()).join()}`;
  // Those of the seven tickets before that, however far the day has gone meanwhile.
  await sql(
    `DELETE FROM triggers_dedup WHERE firing_id IN
      (SELECT id FROM triggers_firing WHERE trigger = 'tickets' AND state = 'accepted' ORDER BY id LIMIT 7)`,
    url.href,
  );
  const { code, output } = await saidToTheEnd(program);

  expect({ code, output }).toEqual({
    code: 1,
    output: expect.stringContaining('Not every event is accounted for:') as string,
  });
  expect(output).toMatch(/Everything once more: answered is 200 .*accepted ×7.*, not 200 duplicate ×19/);
  expect(output).toContain('TKT-1006 Refund, please: wentTo is billing and billing, not billing');
  expect(output.match(/execution \S+ belongs to no event/g)).toHaveLength(7);
  expect(output).toContain('the model answered 27 calls under 27 keys, for 20 tickets');
  expect(await day.remains()).toEqual([]);
}, 150_000);

itIsAPlay(day, { args: [], underWay: /^10:00/, processes: 1, saysFirst: /^$/ });
itStays(day, 1);

it.each([
  ['serve/main.js', 'ticket-triage: Set TRIGGERS_ADMIN_TOKEN. One that nobody else has: export TRIGGERS_ADMIN_TOKEN='],
  ['sign/main.js', 'sign: Set WEBHOOK_SECRET to what the server has.'],
])('%s does nothing without its secrets, and says which', (program, message) => {
  expect(day.said([], { program, input: '{}', env: { PATH: process.env['PATH'] } })).toEqual({
    status: 1,
    stdout: '',
    stderr: expect.stringContaining(message) as string,
  });
});
