import { until } from '../../../../../test/support/until.js';
import { newId } from '../../model/ids.js';
import type { ExecutionId, NodeId } from '../../model/ids.js';
import { registerNode } from '../node.repository.js';
import type { DatabaseOptions } from '../database.options.js';
import type { Notice } from '../notices.js';
import type { Store } from '../store.service.js';
import { statement, useStoreKit } from './kit.contract.js';
import type { Database } from './kit.contract.js';
import { turns } from './racing.contract.js';
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
  /** A store that listens, what it hears, and the connections by which it does. */
  const listening = async () => {
    const options = kit().options as Extract<DatabaseOptions, { type: 'postgres' }>;
    const url = new URL(options.url);
    const name = newId();
    url.searchParams.set('application_name', name);
    const store = await kit().open({ ...options, url: url.href });
    const heard = await listen(store);
    const backends = (): Promise<{ pid: number }[]> =>
      store.reader.query(
        `SELECT pid FROM pg_stat_activity WHERE application_name = $1 AND query LIKE 'LISTEN nestjs_triggers%'`,
        [name],
      );
    return { store, heard, backends };
  };

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
    const one = await kit().open();
    const { store, heard, backends } = await listening();
    const [broken] = await backends();
    await one.reader.query('SELECT pg_terminate_backend($1)', [broken?.pid]);
    while (heard.length === 0) {
      await turns(1);
      store.notices.look();
    }
    one.notices.tell({ about: 'ready' });
    await until(() => heard.length > 1, 'the next notice');
    expect(heard).toEqual([{ about: 'anything' }, { about: 'ready' }]);
    expect(await backends()).toHaveLength(1);
  });

  it('keep no connection after the end', async () => {
    const { store, backends } = await listening();
    expect(await backends()).toHaveLength(1);
    await store.notices.close();
    await until(async () => (await backends()).length === 0, 'the end of the connection');
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
