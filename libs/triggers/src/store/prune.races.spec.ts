import { Client } from 'pg';
import { until } from '../../../../test/support/until.js';
import { firstIdAt, newId } from '../model/ids.js';
import type { FiringId } from '../model/ids.js';
import { FakeEngine, fire } from './contract/work.contract.js';
import { draftOf } from './contract/drafts.contract.js';
import { rowsOf, useStoreKit } from './contract/kit.contract.js';
import { pruneFirings } from './prune.repository.js';
import type { Store } from './store.service.js';

/** Later than every id that a test makes. */
const BEFORE = firstIdAt(new Date('2200-01-01').getTime());

describe('pruning on postgres, beside another process', () => {
  const kit = useStoreKit('postgres');
  let other: Client;
  beforeEach(async () => {
    other = new Client({ connectionString: process.env['TEST_POSTGRES_URL'] });
    await other.connect();
    await other.query(`SET search_path TO ${(kit().options as { schema: string }).schema}`);
  });
  afterEach(() => other.end());

  /** Prunes while the other one has changed rows and not committed yet. */
  const pruneBeside = async (store: Store, sql: string, id: string): Promise<number> => {
    await other.query('BEGIN');
    await other.query(sql, [id]);
    const { rows } = await other.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const bounds = { completedBefore: BEFORE, failedBefore: BEFORE, after: '', limit: 50 };
    const pruning = store.change(() => pruneFirings(bounds));
    await until(async () => {
      const waiting = await other.query('SELECT 1 FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))', [
        rows[0]?.pid,
      ]);
      return (waiting.rowCount ?? 0) > 0;
    }, 'the pruner waits for the other one');
    await other.query('COMMIT');
    return (await pruning).deleted;
  };

  it('spares what is retried meanwhile', async () => {
    const store = await kit().open();
    const engine = await FakeEngine.on(store);
    const id = newId<FiringId>();
    await fire(store, draftOf({ id }));
    await engine.runAll(() => ({ state: 'failed' }));
    const [execution] = await rowsOf(store, 'execution');
    expect(execution).toMatchObject({ state: 'failed' });

    const retry = `UPDATE triggers_execution SET state = 'pending' WHERE id = $1`;
    expect(await pruneBeside(store, retry, execution?.['id'] as string)).toBe(0);
    expect(await rowsOf(store, 'execution')).toMatchObject([{ state: 'pending' }]);
    expect(await rowsOf(store, 'firing')).toMatchObject([{ id }]);
    await other.query(`UPDATE triggers_execution SET state = 'failed'`);
  });

  it('counts nothing that somebody else has deleted', async () => {
    const store = await kit().open();
    const id = newId<FiringId>();
    await fire(store, draftOf({ id, state: 'filtered' }));
    expect(await pruneBeside(store, 'DELETE FROM triggers_firing WHERE id = $1', id)).toBe(0);
    expect(await rowsOf(store, 'firing')).toEqual([]);
  });
});
