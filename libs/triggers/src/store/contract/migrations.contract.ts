import { rowsOf, statement, useStoreKit } from './kit.contract.js';
import type { Database } from './kit.contract.js';
import { begin } from './work.contract.js';

/** The schema: made once under a lock, verified at every start. */
export function migrationsContract(database: Database): void {
  if (database === ':memory:') return;
  describe('migrations', () => {
    const kit = useStoreKit(database);

    it('lets ten stores open at once on an empty database', async () => {
      const stores = Array.from({ length: 10 }, () => kit().make());
      kit().stores.push(...stores);
      await Promise.all(stores.map((store) => store.open()));
      const [store] = stores;
      const names = await store?.read(statement('SELECT name FROM triggers_migrations'), [[]]);
      expect(names).toHaveLength(1);
    });

    it('keeps what is there when a store opens again', async () => {
      const first = await kit().open();
      await begin(first);
      await first.close();
      kit().stores.length = 0;
      expect(await rowsOf(await kit().open(), 'execution')).toHaveLength(1);
    });

    it('refuses a schema that a newer version has made', async () => {
      const store = await kit().open();
      await store.dialect.writer.query(
        `INSERT INTO triggers_migrations (timestamp, name) VALUES (1999999999999, 'Later1999999999999')`,
      );
      await expect(kit().make().open()).rejects.toMatchObject({
        code: 'TRG_STORE_SCHEMA_NEWER',
        message: expect.stringContaining('Later1999999999999'),
      });
    });

    it.each(['triggers_task_ready', 'triggers_dedup'])('refuses to start without %s', async (name) => {
      const store = await kit().open();
      await store.dialect.writer.query(name === 'triggers_dedup' ? `DROP TABLE ${name}` : `DROP INDEX ${name}`);
      await expect(kit().make().open()).rejects.toMatchObject({
        code: 'TRG_STORE_SCHEMA',
        message: expect.stringContaining(name),
      });
      kit().stores.length = 0;
      await store.close();
    });

    it('refuses to start when a primary key is not what it must be', async () => {
      const store = await kit().open();
      await store.dialect.writer.query('DROP TABLE triggers_dedup');
      const bytes = database === 'postgres' ? 'bytea' : 'blob';
      const instant = database === 'postgres' ? 'timestamptz' : 'text';
      await store.dialect.writer.query(
        `CREATE TABLE triggers_dedup (trigger text, key ${bytes}, firing_id text PRIMARY KEY, expires_at ${instant}, failures integer)`,
      );
      await expect(kit().make().open()).rejects.toMatchObject({
        code: 'TRG_STORE_SCHEMA',
        message: expect.stringContaining('primary key of triggers_dedup'),
      });
    });
  });
}
