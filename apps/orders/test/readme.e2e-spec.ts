import { blocksThatRun, itNamesWhatThereIs, usePaster } from '../../../test/support/readme.contract.js';
import { until } from '../../../test/support/until.js';

const [START = '', WRITE = '', BEHIND = '', LOOK = '', PRINT = ''] = blocksThatRun('orders');
const { output, run } = usePaster('orders');

it('is right about every command that it shows', async () => {
  await run(START);
  await until(() => /^shop +http/m.test(output()), 'the application listens');

  expect(await run(WRITE)).toMatchObject([{ id: 1, name: 'Ada' }, { status: 'draft' }, { status: 'active' }]);
  await until(() => output().includes('welcome → ada@example.com'), 'Ada is welcomed');

  await run(BEHIND);
  await until(() => output().includes('contract 1 was active, is ended'), 'the contract is looked at');

  expect(await run(LOOK)).toMatchObject([
    { items: [{ workflow: 'onboarding', state: 'completed' }] },
    { items: [{ state: 'accepted', context: { contractId: 1, from: 'active', to: 'ended' } }] },
  ]);

  await run(PRINT);
  const captured = [...output().matchAll(/^CREATE TRIGGER .* (AFTER \w+ ON "\w+")$/gm)].map(([, what]) => what);
  expect(captured).toEqual([
    'AFTER INSERT ON "customers"',
    'AFTER UPDATE ON "customers"',
    'AFTER DELETE ON "customers"',
    'AFTER UPDATE ON "contracts"',
    'AFTER INSERT ON "orders"',
  ]);
}, 60_000);

itNamesWhatThereIs('orders', ['settings.ts'], 4);
