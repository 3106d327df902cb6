import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { Task, Workflow } from 'nestjs-triggers';
import { DataSource, EntitySchema } from 'typeorm';
import { boot, cleanUp } from '../support/app.js';
import { newDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';

@Workflow({ name: 'work' })
class Work {
  @Task()
  run() {
    return { ran: true };
  }
}

const Customer = new EntitySchema<{ id: number; name: string }>({
  name: 'customer',
  columns: { id: { type: 'int', primary: true, generated: true }, name: { type: 'text', unique: true } },
});

describe('an application whose own DataSource synchronizes the same Postgres schema', () => {
  let database: TestDatabase;
  const sources: DataSource[] = [];
  beforeEach(async () => {
    database = await newDatabase('postgres');
  });
  afterEach(async () => {
    for (const source of sources.splice(0)) await source.destroy();
    await cleanUp();
  });

  const synchronize = async (): Promise<DataSource> => {
    const { DATABASE: url, SCHEMA: schema } = database.environment;
    const source = new DataSource({
      type: 'postgres',
      driver: pg,
      url: url as string,
      schema: schema as string,
      synchronize: true,
      entities: [Customer],
    });
    sources.push(await source.initialize());
    return source;
  };
  /** Every index, key and column of our tables, as the database describes them. */
  const ours = async (): Promise<unknown> => ({
    indexes: await database.query(
      `SELECT tablename, indexname, indexdef FROM pg_indexes WHERE tablename LIKE 'triggers%' AND schemaname = current_schema() ORDER BY 1, 2`,
    ),
    columns: await database.query(
      `SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns
       WHERE table_name LIKE 'triggers%' AND table_schema = current_schema() ORDER BY 1, 2`,
    ),
  });

  // Review 9
  it('leaves our tables and indexes alone, before, beside and after us', async () => {
    const before = await synchronize();
    await before.getRepository(Customer).insert({ name: randomBytes(4).toString('hex') });
    const app = await boot({ database, providers: [Work] });
    const made = await ours();
    expect((made as { indexes: unknown[] }).indexes.length).toBeGreaterThan(15);

    await synchronize();
    await before.synchronize();
    expect(await ours()).toEqual(made);
    expect(await app.runner.execute('work', {})).toMatchObject({ state: 'completed', context: { ran: true } });
    await app.close();

    await synchronize();
    const again = await boot({ database, providers: [Work] });
    expect((await again.get('/executions')).items).toMatchObject([{ state: 'completed' }]);
    expect(await ours()).toEqual(made);
    expect(await before.getRepository(Customer).count()).toBe(1);
  });

  it('does not hear of our entities', async () => {
    await boot({ database, providers: [Work] });
    const source = await synchronize();
    expect(source.entityMetadatas.map(({ name }) => name)).toEqual(['customer']);
    expect((await source.driver.createSchemaBuilder().log()).upQueries).toEqual([]);
  });
});
