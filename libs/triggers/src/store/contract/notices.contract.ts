import { until } from '../../../../../test/support/until.js';
import { newId } from '../../model/ids.js';
import type { ExecutionId, NodeId } from '../../model/ids.js';
import { registerNode } from '../node.repository.js';
import type { Notice } from '../notices.js';
import type { Store } from '../store.service.js';
import { statement, useStoreKit } from './kit.contract.js';
import type { Database } from './kit.contract.js';
import { nodeOf } from './work.contract.js';

/** Processes hear each other; a database in memory has one. */
export function noticesContract(database: Database): void {
  if (database === ':memory:') return;
  describe('notices', () => {
    const kit = useStoreKit(database);
    const listen = async (store: Store): Promise<Notice[]> => {
      const heard: Notice[] = [];
      store.notices.listen((notice) => heard.push(notice));
      if (database === 'postgres') await until(() => heard.length > 0, 'a notice');
      heard.length = 0;
      return heard;
    };
    const write = (store: Store): Promise<unknown> =>
      store.dialect.writer.query(`UPDATE triggers_node SET name = name || '!'`);

    if (database === 'postgres') onPostgres(kit, listen);
    else onSqlite(kit, listen, write);
  });
}

function onPostgres(kit: ReturnType<typeof useStoreKit>, listen: (store: Store) => Promise<Notice[]>): void {
  const backends = (): string => `SELECT pid FROM pg_stat_activity WHERE query LIKE 'LISTEN nestjs_triggers%'`;

  it('reach the other process as they were told, and not the one that tells', async () => {
    const [one, other] = [await kit().open(), await kit().open()];
    const [own, heard] = [await listen(one), await listen(other)];
    one.notices.tell({ about: 'execution', id: 'e-1' as ExecutionId });
    one.notices.tell({ about: 'trigger', name: 'inbox' });
    await kit().clock.advance(50);
    await until(() => heard.length === 2, 'two notices');
    expect(heard).toEqual([
      { about: 'execution', id: 'e-1' },
      { about: 'trigger', name: 'inbox' },
    ]);
    expect(own).toEqual([]);
  });

  it('of another ledger in the same database, and what somebody else says there, are not heard', async () => {
    const [one, other] = [await kit().open(), await kit().open()];
    const heard = await listen(other);
    for (const said of ['another/me/ready', 'rubbish', '']) await one.reader.query(`NOTIFY nestjs_triggers, '${said}'`);
    one.notices.tell({ about: 'ready' });
    await until(() => heard.length > 0, 'a notice');
    expect(heard).toEqual([{ about: 'ready' }]);
  });

  it('go on after the connection broke, with the news that anything may have changed', async () => {
    const [one, other] = [await kit().open(), await kit().open()];
    const heard = await listen(other);
    for (const { pid } of await one.reader.query<{ pid: number }[]>(backends()))
      await one.reader.query('SELECT pg_terminate_backend($1)', [pid]);
    await until(() => {
      other.notices.look();
      return heard.length > 0;
    }, 'a notice after the connection broke');
    expect(heard[0]).toEqual({ about: 'anything' });
    one.notices.tell({ about: 'ready' });
    await until(() => {
      other.notices.look();
      return heard.some(({ about }) => about === 'ready');
    }, 'the next notice');
  });

  it('keep no connection after the end', async () => {
    const [one, other] = [await kit().open(), await kit().open()];
    await listen(other);
    const pids = await one.reader.query<{ pid: number }[]>(backends());
    expect(pids.length).toBeGreaterThan(0);
    await other.notices.close();
    await until(
      async () => (await one.reader.query<unknown[]>(backends())).length < pids.length,
      'the end of the connection',
    );
  });
}

function onSqlite(
  kit: ReturnType<typeof useStoreKit>,
  listen: (store: Store) => Promise<Notice[]>,
  write: (store: Store) => Promise<unknown>,
): void {
  it('say once that another process has written, and nothing of what this one writes', async () => {
    const [one, other] = [await kit().open(), await kit().open()];
    await one.change(() => registerNode(nodeOf({ id: newId<NodeId>(), name: 'n', leaseMs: 1 })));
    const [own, heard] = [await listen(one), await listen(other)];
    await write(one);
    await one.read(statement('SELECT 1'), [[]]);
    for (const store of [one, other, one, other]) store.notices.look();
    expect(heard).toEqual([{ about: 'anything' }]);
    expect(own).toEqual([]);
  });
}
