import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { ChildEntity, Column, DataSource, Entity, PrimaryColumn, TableInheritance, VirtualColumn } from 'typeorm';
import { TestClock } from '../../../testing/test-clock.js';
import { PollSeries } from '../poll-series.contract.js';
import type { TableOptions, TableRow } from './table.options.js';
import { TableSource } from './table.source.js';

@Entity('Ordered things')
class Ordered {
  @PrimaryColumn({ type: 'integer', name: 'line no' })
  line!: number;

  @PrimaryColumn({ type: 'integer', name: 'order' })
  orderId!: number;

  @Column({ type: 'integer', name: 'select' })
  version!: number;
}

@Entity('people')
@TableInheritance({ column: { type: 'varchar', name: 'kind' } })
class Person {
  @PrimaryColumn({ type: 'integer' })
  id!: number;

  @Column({ type: 'varchar', select: false, default: 'a secret' })
  password!: string;

  @VirtualColumn({ query: (alias) => `SELECT count(*) FROM "people" WHERE "id" < ${alias}."id"` })
  before!: number;
}

@ChildEntity("it's a guest")
class Guest extends Person {}

@ChildEntity('regular')
class RegularGuest extends Guest {}

@ChildEntity()
class Host extends Person {}

const DIALECTS = ['better-sqlite3', 'postgres'] as const;

describe.each(DIALECTS)('a table on %s', (type) => {
  let home: string;
  let database: DataSource;
  let clock: TestClock;
  const schema = `table_source_${process.pid}`;

  beforeAll(async () => {
    if (type === 'postgres') await admin(`CREATE SCHEMA ${schema}`);
  });
  afterAll(async () => {
    if (type === 'postgres') await admin(`DROP SCHEMA ${schema} CASCADE`);
  });
  beforeEach(async () => {
    home = mkdtempSync(join(tmpdir(), 'table-source-'));
    clock = new TestClock('2026-01-01T00:00:00Z');
    const where =
      type === 'postgres'
        ? {
            type,
            url: String(process.env['TEST_POSTGRES_URL']),
            schema,
            extra: { options: `-c search_path=${schema}` },
          }
        : { type, database: join(home, 'app.db') };
    database = await new DataSource({
      ...where,
      entities: [Ordered, Person, Guest, RegularGuest, Host],
      synchronize: true,
      dropSchema: true,
    }).initialize();
    await sql('DROP TABLE IF EXISTS orders');
    await sql('CREATE TABLE orders (id integer PRIMARY KEY, at integer)');
  });
  afterEach(async () => {
    await database.destroy();
    rmSync(home, { recursive: true, force: true });
  });

  async function admin(text: string): Promise<void> {
    const client = new Client({ connectionString: String(process.env['TEST_POSTGRES_URL']) });
    await client.connect();
    await client.query(text).finally(() => client.end());
  }

  const sql = (text: string): Promise<unknown> => database.query(text);
  const source = (options: Partial<TableOptions> = {}): TableSource =>
    new TableSource({ dataSource: database, table: 'orders', column: 'at', key: 'id', from: 'beginning', ...options });
  const watch = (options: Partial<TableOptions> = {}): PollSeries<TableRow> => new PollSeries(source(options), clock);
  const insert = (...rows: readonly (readonly [id: number, at: number | null])[]): Promise<unknown> =>
    sql(`INSERT INTO orders (id, at) VALUES ${rows.map(([id, at]) => `(${id}, ${at})`).join(', ')}`);
  const ids = (rows: readonly TableRow[]): unknown[] => rows.map(({ id }) => id);

  it('begins with the rows that come after the first poll, or with all', async () => {
    await insert([1, 10], [2, 20]);
    const [now, all] = [watch({ from: 'now' }), watch()];
    expect([await now.pollAll(), ids(await all.pollAll())]).toEqual([[], [1, 2]]);
    await insert([3, 20], [4, 30]);
    expect([ids(await now.pollAll()), ids(await all.pollAll())]).toEqual([
      [3, 4],
      [3, 4],
    ]);
    expect([await now.pollAll(), await all.pollAll()]).toEqual([[], []]);
  });

  it('begins with all rows where there were none', async () => {
    const series = watch({ from: 'now' });
    await series.pollAll();
    await insert([1, 0]);
    expect(await series.pollAll()).toEqual([{ id: 1, at: 0 }]);
  });

  it('fires a changed row again, and rows without a value never', async () => {
    const series = watch();
    await insert([1, 10], [2, null]);
    expect(ids(await series.pollAll())).toEqual([1]);
    await sql('UPDATE orders SET at = 20 WHERE id = 1');
    expect(await series.pollAll()).toEqual([{ id: 1, at: 20 }]);
    await sql('UPDATE orders SET at = 21 WHERE id = 2');
    expect(ids(await series.pollAll())).toEqual([2]);
  });

  it('fires all of many rows that share a value, 500 in one poll', async () => {
    await insert(...Array.from({ length: 1_234 }, (_, id) => [id, 7] as const));
    const series = watch();
    await series.poll();
    const sizes: number[] = [];
    for (let more = true; more;) {
      const { fired, result } = await series.poll();
      sizes.push(fired.length);
      more = result.more;
    }
    expect(sizes).toEqual([500, 500, 234]);
    await insert([5_000, 7], [-1, 7]);
    expect(ids(await series.pollAll())).toEqual([-1, 5_000]);
  });

  it('finds a row that shares the largest value, whatever its key, however late', async () => {
    const series = watch();
    await insert([5, 7]);
    await series.pollAll();
    for (let poll = 0; poll < 3; poll++) await series.pollIn(60_000);
    await insert([1, 7], [9, 7]);
    expect(ids(await series.pollAll())).toEqual([1, 9]);
  });

  it('does not read again, after a reading that took long, what was there when that began', async () => {
    await insert(...Array.from({ length: 1_200 }, (_, id) => [id, id] as const));
    const series = watch();
    await series.poll();
    for (let page = 0; page < 3; page++) await series.pollIn(15_000);
    expect(series.fired).toHaveLength(1_200);
    await series.pollIn(2_000);
    series.source = source();
    expect(await series.poll()).toMatchObject({ duplicates: 1 });
  });

  it('goes on where it was when it is stopped between two pages', async () => {
    await insert(...Array.from({ length: 1_200 }, (_, id) => [id, Math.floor(id / 10)] as const));
    const series = watch();
    for (let poll = 0; poll < 2; poll++) await series.poll();
    expect((await series.poll({ lost: true })).fired).toHaveLength(500);
    series.source = source();
    expect(await series.pollAll()).toHaveLength(700);
    await clock.advance(60_000);
    expect(await series.pollAll()).toHaveLength(0);
    expect(new Set(ids(series.fired)).size).toBe(1_200);
  });

  it('offers nothing again that it knows, and after a restart only what the window holds', async () => {
    const series = watch();
    for (let at = 0; at < 60; at++) {
      await insert([at, at]);
      await series.pollAll();
      await clock.advance(1_000);
    }
    expect(await series.poll()).toMatchObject({ duplicates: 0, result: { kind: 'skip', reason: 'no new rows' } });
    series.source = source();
    const { duplicates } = await series.poll();
    expect(duplicates).toBeGreaterThan(8);
    expect(duplicates).toBeLessThan(15);
    expect(ids(series.fired)).toEqual(Array.from({ length: 60 }, (_, at) => at));
  });

  it('writes nothing when it finds nothing', async () => {
    const series = watch();
    await insert([1, 1]);
    await series.pollAll();
    for (let second = 0; second < 20; second++) await series.pollIn(1_000);
    const before = JSON.stringify(series.cursor);
    await series.pollIn(60_000);
    expect(JSON.stringify(series.cursor)).toBe(before);
  });

  it('takes an entity: its table, its columns by property, its key; all names quoted', async () => {
    const { line: _line, ...more } = { line: 0, table: Ordered, column: 'version' };
    const series = new PollSeries(new TableSource({ dataSource: database, from: 'beginning', ...more }), clock);
    const repository = database.getRepository(Ordered);
    await repository.insert([
      { line: 2, orderId: 1, version: 1 },
      { line: 1, orderId: 2, version: 1 },
      { line: 1, orderId: 1, version: 1 },
    ]);
    expect(await series.pollAll()).toEqual([
      { line: 1, orderId: 1, version: 1 },
      { line: 1, orderId: 2, version: 1 },
      { line: 2, orderId: 1, version: 1 },
    ]);
    await repository.update({ line: 1, orderId: 2 }, { version: 2 });
    expect(await series.pollAll()).toEqual([{ line: 1, orderId: 2, version: 2 }]);
  });

  it('leaves out what the entity hides, and what is no column of the table', async () => {
    await database.getRepository(Host).insert({ id: 1 });
    const people = new TableSource({ dataSource: database, table: Person, column: 'id', from: 'beginning' });
    expect(await new PollSeries(people, clock).pollAll()).toEqual([{ id: 1, kind: 'Host' }]);
  });

  it('takes an entity that shares its table for its own rows, and those of what extends it', async () => {
    await database.getRepository(Host).insert([{ id: 1 }, { id: 4 }]);
    const begun = new PollSeries(new TableSource({ dataSource: database, table: Guest, column: 'id' }), clock);
    await begun.pollAll();
    await database.getRepository(Guest).insert({ id: 3 });
    await database.getRepository(RegularGuest).insert({ id: 5 });
    const guests = new TableSource({ dataSource: database, table: Guest, column: 'id', from: 'beginning' });
    expect(ids(await new PollSeries(guests, clock).pollAll())).toEqual([3, 5]);
    expect(ids(await begun.pollAll())).toEqual([3, 5]);
  });

  it('goes on when a class or a property was given another name', async () => {
    const options = { dataSource: database, key: ['line no', 'order'] };
    const entity = new TableSource({ dataSource: database, table: Ordered, column: 'version' });
    const series = new PollSeries<TableRow>(entity, clock);
    await series.pollAll();
    await database.getRepository(Ordered).insert({ line: 1, orderId: 1, version: 1 });
    const table = type === 'postgres' ? `${schema}.Ordered things` : 'Ordered things';
    series.source = new TableSource({ ...options, table, column: 'select' });
    expect(await series.pollAll()).toHaveLength(1);
  });

  it('quotes quotes in the names that it is given', async () => {
    await sql('DROP TABLE IF EXISTS "the ""odd"" one"');
    await sql('CREATE TABLE "the ""odd"" one" ("a""b" integer PRIMARY KEY)');
    await sql('INSERT INTO "the ""odd"" one" VALUES (5)');
    const series = watch({ table: 'the "odd" one', column: 'a"b', key: 'a"b' });
    expect(await series.pollAll()).toEqual([{ 'a"b': 5 }]);
  });

  it('begins anew with another column', async () => {
    await insert([1, 1_000]);
    const series = watch();
    await series.pollAll();
    series.source = source({ column: 'id' });
    await insert([2, 5]);
    expect(ids(await series.pollAll())).toContain(2);
  });

  it('says which column an entity does not have, and that a DataSource is not open', async () => {
    const missing = new TableSource({ dataSource: database, table: Ordered, column: 'updatedAt' });
    const unknown = 'has no column "updatedAt". Known: "line", "orderId", "version".';
    await expect(new PollSeries(missing, clock).poll()).rejects.toThrow(unknown);
    await database.destroy();
    await expect(watch().pollAll()).rejects.toThrow('not initialized');
    await expect(watch({ table: Ordered, column: 'version' }).pollAll()).rejects.toThrow('not initialized');
    await database.initialize();
  });

  it('fails the poll when the table is not there', async () => {
    const polled = watch({ table: 'missing', from: 'now' }).poll();
    await expect(polled).rejects.toMatchObject({ message: expect.stringContaining('missing') });
  });

  it('refuses what cannot work as a definition error', () => {
    const wrong =
      (options: object): (() => unknown) =>
      () =>
        source(options);
    expect(wrong({ key: undefined })).toThrow('"key"');
    expect(wrong({ key: [] })).toThrow('"key"');
    expect(wrong({ table: '' })).toThrow('"table"');
    expect(wrong({ column: '' })).toThrow('"column"');
    expect(wrong({ from: 'then' })).toThrow('"from"');
    expect(wrong({ lookBack: 'long' })).toThrow('"lookBack"');
    expect(wrong({ dataSource: { options: { type: 'mysql' } } })).toThrow('"dataSource" is "mysql"');
  });
});

describe('late commits on Postgres', () => {
  let database: DataSource;
  let late: Client;
  let clock: TestClock;
  const table = `late_${process.pid}`;

  beforeEach(async () => {
    clock = new TestClock('2026-01-01T00:00:00Z');
    database = await new DataSource({ type: 'postgres', url: String(process.env['TEST_POSTGRES_URL']) }).initialize();
    await database.query(`CREATE TABLE ${table} (id bigserial PRIMARY KEY, at timestamptz(6) NOT NULL DEFAULT now())`);
    late = new Client({ connectionString: String(process.env['TEST_POSTGRES_URL']) });
    await late.connect();
  });
  afterEach(async () => {
    await late.end();
    await database.query(`DROP TABLE ${table}`);
    await database.destroy();
  });

  const watch = (column: string): PollSeries<TableRow> =>
    new PollSeries(new TableSource({ dataSource: database, table, column, key: 'id', from: 'beginning' }), clock);
  const ids = (rows: readonly TableRow[]): unknown[] => rows.map(({ id }) => id);

  it.each(['id', 'at'])('finds by "%s" what was committed after larger values, once', async (column) => {
    const series = watch(column);
    await late.query('BEGIN');
    await late.query(`INSERT INTO ${table} DEFAULT VALUES`);
    await database.query(`INSERT INTO ${table} DEFAULT VALUES`);
    expect(ids(await series.pollAll())).toEqual(['2']);
    for (let row = 3; row < 8; row++) {
      await clock.advance(1_500);
      await database.query(`INSERT INTO ${table} DEFAULT VALUES`);
      expect(ids(await series.pollAll())).toEqual([String(row)]);
    }
    await late.query('COMMIT');
    expect(ids(await series.pollAll())).toEqual(['1']);
    for (let second = 0; second < 20; second++) expect(await series.pollIn(1_000)).toEqual([]);
    expect(series.fired).toHaveLength(7);
  });

  it('finds what was committed late while nobody polled', async () => {
    const series = watch('id');
    await late.query('BEGIN');
    await late.query(`INSERT INTO ${table} DEFAULT VALUES`);
    await database.query(`INSERT INTO ${table} DEFAULT VALUES`);
    await series.pollAll();
    await late.query('COMMIT');
    await clock.advance(7 * 86_400_000);
    expect(ids(await series.pollAll())).toEqual(['1']);
  });

  it('starts nothing for what is rolled back', async () => {
    const series = watch('id');
    await late.query('BEGIN');
    await late.query(`INSERT INTO ${table} DEFAULT VALUES`);
    expect(await series.pollAll()).toEqual([]);
    await late.query('ROLLBACK');
    expect(await series.pollAll()).toEqual([]);
  });

  it('tells microseconds and large numbers apart, which JavaScript does not', async () => {
    const series = watch('at');
    const at = (micro: number): string => `'2026-01-01T00:00:00.00000${micro}Z'`;
    await database.query(
      `INSERT INTO ${table} (id, at) VALUES (9007199254740993, ${at(1)}), (9007199254740992, ${at(2)})`,
    );
    expect(ids(await series.pollAll())).toEqual(['9007199254740993', '9007199254740992']);
    await clock.advance(60_000);
    await database.query(`INSERT INTO ${table} (id, at) VALUES (5, ${at(3)}), (4, ${at(3)})`);
    expect(ids(await series.pollAll())).toEqual(['4', '5']);
  });
});

describe('beside the application on SQLite', () => {
  let database: DataSource;
  beforeEach(async () => {
    database = await new DataSource({ type: 'better-sqlite3', database: ':memory:' }).initialize();
    await database.query('CREATE TABLE orders (id integer PRIMARY KEY)');
  });
  afterEach(() => database.destroy());

  it('never sees what a transaction of the application has not committed, though they share one connection', async () => {
    const options = { dataSource: database, table: 'orders', column: 'id', key: 'id', from: 'beginning' } as const;
    const series = new PollSeries(new TableSource(options), new TestClock());
    await series.poll();
    const runner = database.createQueryRunner();
    await runner.startTransaction();
    await runner.query('INSERT INTO orders (id) VALUES (1)');
    const polled = series.poll();
    await runner.rollbackTransaction();
    expect((await polled).fired).toEqual([]);

    await runner.startTransaction();
    await runner.query('INSERT INTO orders (id) VALUES (2)');
    expect((await series.poll()).result.reason).toBe('the application was writing all the time');
    await runner.commitTransaction();
    expect(await series.pollAll()).toEqual([{ id: 2 }]);
  });

  it('ends when it is aborted while it waits for the application', async () => {
    const options = { dataSource: database, table: 'orders', column: 'id', key: 'id' } as const;
    const runner = database.createQueryRunner();
    await runner.startTransaction();
    const polled = new PollSeries(new TableSource(options), new TestClock()).poll({ signal: AbortSignal.timeout(20) });
    await expect(polled).rejects.toMatchObject({ name: 'AbortError' });
    await runner.rollbackTransaction();
  });
});
