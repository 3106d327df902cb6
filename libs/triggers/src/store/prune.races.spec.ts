import { firstIdAt, newId } from '../model/ids.js';
import type { FiringId } from '../model/ids.js';
import { FakeEngine, fire } from './contract/work.contract.js';
import { draftOf, wish } from './contract/drafts.contract.js';
import { rowsOf, useStoreKit } from './contract/kit.contract.js';
import { useOtherProcess } from './contract/other-process.contract.js';
import { countFailure, pruneFailures } from './delivery.repository.js';
import type { Work } from './dialects/batch.js';
import { FIRST_KEY, pruneFirings, pruneKeys, pruneRates } from './prune.repository.js';
import type { Store } from './store.service.js';

/** Later than every id that a test makes. */
const BEFORE = firstIdAt(new Date('2200-01-01').getTime());
const MONTH_MS = 30 * 86_400_000;

describe('pruning on postgres, beside another process', () => {
  const kit = useStoreKit('postgres');
  const other = useOtherProcess(kit);

  /** Prunes while the other one has changed rows and not committed yet. */
  const pruneBeside = async (store: Store, sql: string, id: string): Promise<number> => {
    await other().run('BEGIN');
    await other().run(sql, [id]);
    const bounds = { completedBefore: BEFORE, failedBefore: BEFORE, after: '', limit: 50 };
    const pruning = store.change(() => pruneFirings(bounds));
    expect(await other().isInTheWayOf(pruning)).toBe(true);
    await other().run('COMMIT');
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
    await other().run(`UPDATE triggers_execution SET state = 'failed'`);
  });

  it('counts nothing that somebody else has deleted', async () => {
    const store = await kit().open();
    const id = newId<FiringId>();
    await fire(store, draftOf({ id, state: 'filtered' }));
    expect(await pruneBeside(store, 'DELETE FROM triggers_firing WHERE id = $1', id)).toBe(0);
    expect(await rowsOf(store, 'firing')).toEqual([]);
  });

  const count = (message: string): (() => Work<number>) => {
    const { key } = wish(message);
    return () => countFailure({ trigger: 'inbox', key, message, delivery: '1', reason: 'broken' });
  };
  const fireWith = (store: Store, label: string) => {
    const rate = { space: label, limit: 1, perMs: 1_000, onLimit: 'refuse' } as const;
    return fire(store, { rate, dedup: wish(label, { scope: 'window', windowMs: 1_000 }) });
  };

  it.each<[what: string, table: string, prune: () => Work<unknown>]>([
    ['keys', 'dedup', () => pruneKeys(FIRST_KEY, 50)],
    ['rates', 'rate', () => pruneRates(50)],
    ['counts of failed messages', 'delivery', () => pruneFailures(50)],
  ])('waits for none of the %s that somebody else has in use, and deletes the others', async (_what, table, prune) => {
    const store = await kit().open();
    for (const label of ['a', 'b', 'c']) {
      await fireWith(store, label);
      await store.change(count(label));
    }
    await kit().clock.advance(MONTH_MS);
    await other().run('BEGIN');
    await other().run(`SELECT 1 FROM triggers_${table} LIMIT 1 FOR UPDATE`);
    const pruning = store.change(prune);
    expect(await other().isInTheWayOf(pruning)).toBe(false);
    await pruning;
    expect(await rowsOf(store, table)).toHaveLength(1);
    await other().run('COMMIT');
    await store.change(prune);
    expect(await rowsOf(store, table)).toEqual([]);
  });
});
