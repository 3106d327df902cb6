import { Client } from 'pg';
import { until } from '../../../../../test/support/until.js';
import { statement, useStoreKit } from '../contract/kit.contract.js';
import type { Store } from '../store.service.js';
import { batch, runOnce } from './batch.js';

const TIMEOUT_MS = 50;
/** Of the session, and for good: as if the five seconds that commits have were over sooner. */
const IMPATIENT = batch('impatient_session', {}, () => `SET idle_in_transaction_session_timeout = ${TIMEOUT_MS}`);
const PATIENCE = statement(
  `SELECT pg_backend_pid() AS pid, current_setting('idle_in_transaction_session_timeout') AS ms`,
);

/** What the connection of the commits is told about transactions that stand still. */
async function session(store: Store): Promise<unknown> {
  return (await store.dialect.transaction(() => runOnce(PATIENCE)))[0];
}

describe('migrations on Postgres', () => {
  const kit = useStoreKit('postgres');
  let outside: Client;
  beforeEach(async () => {
    outside = new Client({ connectionString: process.env['TEST_POSTGRES_URL'] });
    await outside.connect();
  });
  afterEach(() => outside.end());

  it('keep their right for longer than any other transaction may stand still', async () => {
    const store = await kit().open();
    await store.dialect.transaction(() => runOnce(IMPATIENT));
    const before = (await session(store)) as { pid: number };
    const seen = async (): Promise<string | undefined> => {
      const { rows } = await outside.query<{ state: string }>(
        `SELECT CASE WHEN clock_timestamp() - state_change > $2 * interval '4 ms' THEN state ELSE '' END AS state
         FROM pg_stat_activity WHERE pid = $1`,
        [before.pid, TIMEOUT_MS],
      );
      return rows[0] === undefined ? 'ended by the server' : rows[0].state;
    };
    let [state, right]: [string | undefined, unknown] = ['', undefined];
    await store.dialect.exclusively(async () => {
      state = await until(seen, 'the connection that has the right stands still, or is gone');
      const asked = await outside.query('SELECT pid FROM pg_locks WHERE locktype = $1 AND granted', ['advisory']);
      right = asked.rows.map(({ pid }: { pid: number }) => pid);
    });
    expect(state).toBe('idle in transaction');
    expect(right).toContain(before.pid);
    expect(await session(store)).toEqual(before);
  });

  it('let no other transaction stand still for more than five seconds', async () => {
    const store = await kit().open();
    expect(await session(store)).toMatchObject({ ms: '5s' });
    await store.dialect.exclusively(() => Promise.resolve());
    expect(await session(store)).toMatchObject({ ms: '5s' });
  });
});
