import { blocksThatRun, itNamesWhatThereIs, usePaster } from '../../../test/support/readme.contract.js';
import { until } from '../../../test/support/until.js';

const [START = '', DELIVER = '', LOOK = ''] = blocksThatRun('ticket-triage').map((block) =>
  block.replaceAll('headers.txt', '"$DATA_DIR/headers.txt"'),
);
const { output, run } = usePaster('ticket-triage');

it('is right about every command that it shows', async () => {
  await run(START);
  await until(() => /^model +http/m.test(output()), 'the application listens');

  const [first] = await run(DELIVER);
  expect(first).toMatchObject({ status: 'accepted', executionIds: [expect.any(String)] });
  await until(() => output().includes('teams/billing  {"ticketId":"TKT-1001"'), 'the team is told');

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

itNamesWhatThereIs('ticket-triage', ['settings.ts', 'model/model-call.options.ts'], 8);
