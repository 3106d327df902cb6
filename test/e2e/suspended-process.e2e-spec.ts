import { endAll } from '../support/child.js';
import type { Child } from '../support/child.js';
import { DIALECTS } from '../support/database.js';
import { Patients } from '../support/patients.js';
import { until } from '../support/until.js';

describe.each(DIALECTS)('the only process, suspended for longer than its lease, on %s', (dialect) => {
  let patients: Patients;
  let child: Child;

  beforeEach(async () => {
    patients = await Patients.on(dialect);
    child = patients.start({ LEASE: '900ms' });
    await child.says('ready');
  });
  afterEach(endAll);

  const told = (kind: string): unknown[] => child.told.filter((line) => kind in line).map((line) => line[kind]);
  const leases = async (): Promise<{ id: string; isOver: boolean }[]> => {
    const now = dialect === 'sqlite' ? `strftime('%Y-%m-%dT%H:%M:%fZ', 'now')` : 'clock_timestamp()';
    const rows = await patients.database.query(`SELECT id, lease_until <= ${now} AS over FROM triggers_node`);
    return rows.map(({ id, over }) => ({ id: String(id), isOver: Boolean(over) }));
  };
  /** SIGSTOP, until the lease is over for everybody else, SIGCONT. */
  const suspend = async (): Promise<void> => {
    child.kill('SIGSTOP');
    await until(async () => (await leases()).every(({ isOver }) => isOver), 'its lease is over');
    child.kill('SIGCONT');
  };

  // Review 14
  it('aborts what it ran, writes each result once, and goes on', async () => {
    const [{ id: before } = { id: '' }] = await leases();
    const fired = await child.call('POST', '/workflows/patient/run', { context: { order: 1, payload: { text: 'a' } } });
    await until(() => told('began').length === 1, 'the body has begun');
    await suspend();

    await until(() => told('aborted').length === 1, 'the body is told to stop');
    expect(told('aborted')).toEqual(['TRG_ENG_LEASE_LOST']);
    await until(() => told('began').length === 2, 'its task begins again');
    patients.openGate();
    const [id] = fired.executionIds as [string];
    const execution = await until(async () => {
      const found = await child.call('GET', `/executions/${id}`);
      return found.state === 'completed' && found;
    }, 'the execution is completed');

    // A rescue, and no attempt: the task did nothing wrong.
    expect(execution.tasks).toMatchObject([{ state: 'completed', attempt: 1, rescues: 1, output: { effect: 1 } }]);
    expect(patients.effects()).toEqual(['1 a']);
    // It is another node now: nothing that the old one still finds can count.
    expect(await leases()).toEqual(
      expect.arrayContaining([
        { id: before, isOver: true },
        { id: expect.not.stringMatching(before), isOver: false },
      ]),
    );
    const polled = told('polled').length;
    await until(() => told('polled').length > polled, 'it polls');
    expect(child.stderr.trim().split('\n')).toEqual([expect.stringContaining('did not renew its lease in time')]);
  });

  // Review 14
  it('spends a rescue of its task each time, never an attempt', async () => {
    const fired = await child.call('POST', '/workflows/patient/run', { context: { order: 1, payload: { text: 'a' } } });
    for (let times = 1; times <= 2; times += 1) {
      await until(() => told('began').length === times, 'the body has begun');
      await suspend();
    }
    await until(() => told('began').length === 3, 'its task begins again');
    patients.openGate();
    const [id] = fired.executionIds as [string];
    const execution = await until(async () => {
      const found = await child.call('GET', `/executions/${id}`);
      return found.finishedAt !== null && found;
    }, 'the execution has ended');
    expect(execution).toMatchObject({ state: 'completed', tasks: [{ attempt: 1, rescues: 2 }] });
  });
});
