import { endAll } from '../support/child.js';
import type { Child } from '../support/child.js';
import { DIALECTS } from '../support/database.js';
import { Patients } from '../support/patients.js';
import { until } from '../support/until.js';

const ORDERS = [1, 2, 3, 4, 5];

describe.each(DIALECTS)('what was accepted before the process was killed, on %s', (dialect) => {
  let patients: Patients;

  beforeEach(async () => {
    patients = await Patients.on(dialect);
  });
  afterEach(endAll);

  const start = (): Child => patients.start({ LEASE: '900ms', CONCURRENCY: '1' });

  // Cloacina T-11, Cloacina case 24, Cloacina case 49
  it('runs once, with its payload, whether a body had begun or not', async () => {
    const first = start();
    const fired: { status: string; firingId: string; executionIds: string[] }[] = [];
    for (const order of ORDERS) {
      const context = { order, payload: { text: `order ${order}` } };
      fired.push(await first.call('POST', '/heartbeat/fire', { context, dedupKey: String(order) }));
    }
    expect(fired.map(({ status }) => status)).toEqual(ORDERS.map(() => 'accepted'));
    await until(() => first.told.some((line) => 'began' in line), 'the first body has begun');
    first.kill('SIGKILL');
    await first.exit();
    const begun = first.told.filter((line) => 'began' in line);
    expect([begun.length, patients.effects()]).toEqual([1, []]);

    patients.openGate();
    const second = start();
    const items = await until(async () => {
      const { items } = await second.call('GET', '/executions?limit=1000');
      return items.every(({ state }: { state: string }) => state === 'completed') && items;
    }, 'every execution is completed');
    expect(items.map(({ id }: { id: string }) => id).sort()).toEqual(fired.flatMap((one) => one.executionIds).sort());
    expect(items.map(({ firingId }: { firingId: string }) => firingId).sort()).toEqual(
      fired.map(({ firingId }) => firingId).sort(),
    );
    expect(patients.effects().sort()).toEqual(ORDERS.map((order) => `${order} order ${order}`));
  });
});
