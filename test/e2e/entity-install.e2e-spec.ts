import { Injectable } from '@nestjs/common';
import { EntityTrigger, Task, TriggersModule, Workflow, entityCaptureSql } from 'nestjs-triggers';
import type { EntityChange } from 'nestjs-triggers';
import { Column, DataSource, Entity, EntitySchema, PrimaryColumn, ViewColumn, ViewEntity } from 'typeorm';
import { applicationDatabase, openDataSource, typeormOptions } from '../support/application-database.js';
import { boot, cleanUp, logged } from '../support/app.js';
import { DIALECTS, newDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { openShop } from '../support/shop.js';
import { until } from '../support/until.js';

@Entity()
class User {
  @PrimaryColumn()
  id!: number;

  @Column({ name: 'full_name', default: '' })
  name!: string;
}

@Entity()
class Invoice {
  @PrimaryColumn()
  id!: number;
}

/** The table of the users as a later version of the application has it. */
class Person {
  id!: number;
  name!: string;
  city!: string | null;
}
const PERSON = new EntitySchema<Person>({
  name: 'Person',
  target: Person,
  tableName: 'user',
  columns: {
    id: { type: Number, primary: true },
    name: { type: String, name: 'display_name', default: '' },
    city: { type: String, nullable: true },
  },
});

@ViewEntity({ expression: 'SELECT 1 AS id' })
class Seen {
  @ViewColumn()
  id!: number;
}

@Workflow({ name: 'note' })
class Note {
  @Task()
  take() {}
}

let seen: string[] = [];

@Injectable()
class UserTriggers {
  @EntityTrigger({ workflow: Note, entity: User, on: ['insert', 'update'], columns: ['name'] })
  named({ after }: EntityChange<User, 'insert' | 'update'>) {
    seen.push(after.name);
  }
}

@Injectable()
class InvoiceTriggers {
  @EntityTrigger({ workflow: Note, entity: Invoice, on: ['insert'] })
  billed({ after }: EntityChange<Invoice, 'insert'>) {
    seen.push(`invoice ${after.id}`);
  }
}

@Injectable()
class PersonTriggers {
  @EntityTrigger({ workflow: Note, entity: Person, on: ['insert', 'update'] })
  person({ after }: EntityChange<Person, 'insert' | 'update'>) {
    seen.push(`${after.name} of ${after.city}`);
  }
}

beforeEach(() => (seen = []));
afterEach(cleanUp);

describe.each(DIALECTS)('what captures changes on %s', (dialect) => {
  const installed = async ({ query, options }: TestDatabase): Promise<unknown[]> => {
    const sql =
      options.type === 'sqlite'
        ? `SELECT name, sql AS id FROM sqlite_master WHERE type = 'trigger' ORDER BY name`
        : `SELECT tgname AS name, t.oid AS id FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
           WHERE NOT tgisinternal AND relnamespace = '${String(options.schema)}'::regnamespace ORDER BY 1`;
    return query(sql);
  };
  const users = (more: object = {}) => ({ entities: [User, Invoice], providers: [Note, UserTriggers], ...more });

  it('is left as it is where it is as it should be, and is dropped with the last trigger that needs it', async () => {
    const first = await openShop({ database: dialect, ...users({ providers: [Note, UserTriggers, InvoiceTriggers] }) });
    const { database } = first.app;
    const before = await installed(first.own);
    await first.app.close();
    const second = await openShop({ database, ...users({ providers: [Note, UserTriggers, InvoiceTriggers] }) });
    expect(await installed(second.own)).toEqual(before);
    await second.app.close();
    const third = await openShop({ database, ...users() });
    const after = await installed(third.own);
    expect(after.length).toBeLessThan(before.length);
    expect(before).toEqual(expect.arrayContaining(after));
  });

  it('is made again after the columns of a table were renamed, added and synchronized', async () => {
    const first = await openShop({ database: dialect, ...users() });
    await first.source.manager.insert(User, { id: 1, name: 'Ada' });
    await first.relayed();
    await first.app.close();
    const second = await openShop({
      database: first.app.database,
      entities: [PERSON],
      providers: [Note, PersonTriggers],
    });
    await second.source.manager.insert(Person, { id: 2, name: 'Eve', city: 'Rome' });
    await second.relayed();
    expect(seen).toEqual(['Ada', 'Eve of Rome']);
  });

  it('stops nobody from changing the table while the application runs', async () => {
    const { source, relayed, own } = await openShop({ database: dialect, ...users() });
    const runner = source.createQueryRunner();
    const { tablePath } = source.getMetadata(User);
    const table = (await runner.getTable(tablePath))!;
    const name = table.findColumnByName('full_name')!;
    const text = name.clone();
    text.type = 'text';
    await runner.changeColumn(table, name, text);
    await runner.release();
    // SQLite has made the table anew, which has lost its triggers.
    await until(async () => (await installed(own)).length > 0, 'changes are captured again');
    await source.manager.insert(User, { id: 1, name: 'Ada' });
    await relayed();
    expect(seen).toEqual(['Ada']);
  });

  it('does not need a table that is gone: the others go on, and a warning names it', async () => {
    const shop = await openShop({
      database: dialect,
      ...users({ providers: [Note, UserTriggers, InvoiceTriggers] }),
    });
    await shop.source.query(`DROP TABLE ${shop.source.getMetadata(Invoice).tablePath}`);
    await shop.source.manager.insert(User, { id: 1, name: 'Ada' });
    await shop.relayed();
    await shop.app.close();
    const again = await openShop({
      database: shop.app.database,
      typeorm: { synchronize: false },
      ...users({ providers: [Note, UserTriggers, InvoiceTriggers] }),
    });
    await again.source.manager.insert(User, { id: 2, name: 'Eve' });
    await again.relayed();
    expect(seen).toEqual(['Ada', 'Eve']);
    expect(logged.join('\n')).toMatch(/has no table ".*invoice".*fire nothing until it is there/);
  });

  it('can be printed, run by somebody else, and is then not touched', async () => {
    const database = await newDatabase(dialect);
    const own = applicationDatabase(database);
    const source = await openDataSource(own, [User, Invoice]);
    const printed = entityCaptureSql(source, [UserTriggers, InvoiceTriggers]);
    for (const sql of printed) await source.query(sql);
    await source.destroy();
    const before = await installed(own);
    const shop = await openShop({ database, ...users({ providers: [Note, UserTriggers, InvoiceTriggers] }) });
    expect(await installed(own)).toEqual(before);
    await shop.source.manager.insert(Invoice, { id: 7 });
    await shop.relayed();
    expect(seen).toEqual(['invoice 7']);
  });

  it('is made in a DataSource that has a name, and found by the entity or by that name', async () => {
    @Injectable()
    class Named {
      @EntityTrigger({ workflow: Note, entity: Invoice, on: ['insert'], dataSource: 'bills' })
      billed({ after }: EntityChange<Invoice, 'insert'>) {
        seen.push(`invoice ${after.id}`);
      }
    }
    const other = await newDatabase('sqlite');
    const bills = await openDataSource(applicationDatabase(other), [Invoice]);
    const shop = await openShop({
      database: dialect,
      ...users({ providers: [Note, UserTriggers, Named, { provide: 'billsDataSource', useValue: bills }] }),
    });
    await bills.manager.insert(Invoice, { id: 3 });
    await shop.source.manager.insert(User, { id: 1, name: 'Ada' });
    await shop.relayed();
    await shop.app.ended(2);
    expect(seen.sort()).toEqual(['Ada', 'invoice 3']);
    await shop.app.close();
    await bills.destroy();
  });
});

describe('entity triggers that cannot stand', () => {
  const refusal = async (
    provider: new () => object,
    more: Parameters<typeof boot>[0] extends infer O ? Partial<O> : never = {},
  ) => {
    const database = more.database ?? (await newDatabase('sqlite'));
    const failed = boot({ database, ...more, providers: [Note, provider as never, ...(more.providers ?? [])] });
    return failed.then(
      () => 'started',
      (error: Error) => error.message,
    );
  };
  const provided = async (database: TestDatabase, entities: never[] = [User, Seen] as never[]) => {
    const source = await openDataSource(applicationDatabase(database), entities);
    sources.push(source);
    return { provide: DataSource, useValue: source };
  };
  let sources: DataSource[] = [];
  afterEach(async () => {
    for (const source of sources) await source.destroy();
    sources = [];
  });

  const wrong = (options: object): new () => object => {
    @Injectable()
    class Wrong {
      @EntityTrigger({ workflow: Note, entity: User, on: ['insert'], ...options })
      wrong(): void {}
    }
    return Wrong;
  };

  it('say that the application has no DataSource', async () => {
    expect(await refusal(wrong({}))).toMatch(/provides no DataSource\. Import TypeOrmModule\.forRoot/);
  });

  it.each([
    [
      'an entity that no DataSource knows',
      { entity: Invoice },
      /no initialized DataSource of the application knows the entity "Invoice"/,
    ],
    ['a view', { entity: Seen }, /"Seen" is a view/],
    ['a column that is none', { columns: ['city'] }, /"User" has no column "city"\. Known: "id", "name"/],
    ['no operation', { on: [] }, /option "on" is \[\]; it takes a list of one or more of "insert", "update", "remove"/],
    [
      'an unknown DataSource',
      { dataSource: 'bills' },
      /no provider is the DataSource "bills"\. Provided are: "DataSource"/,
    ],
    ['no function', { when: true }, /option "when" is true/],
    ['no way to wait', { whenDisabled: 'drop' }, /option "whenDisabled" is "drop"; it takes "hold" or "reject"/],
  ])('name what is wrong: %s', async (_what, options, message) => {
    const database = await newDatabase('sqlite');
    expect(await refusal(wrong(options), { database, providers: [await provided(database)] })).toMatch(message);
  });

  it('refuse a SQLite database in memory, and the file of this module', async () => {
    const database = await newDatabase('sqlite');
    const memory = await new DataSource({
      type: 'better-sqlite3',
      database: ':memory:',
      entities: [User],
    }).initialize();
    const same = await new DataSource(typeormOptions(database, [User])).initialize();
    sources.push(memory, same);
    const inMemory = await refusal(wrong({}), { database, providers: [{ provide: DataSource, useValue: memory }] });
    expect(inMemory).toMatch(/is a SQLite database in memory, which nobody else can read/);
    const oneFile = await refusal(wrong({}), { database, providers: [{ provide: DataSource, useValue: same }] });
    expect(oneFile).toMatch(/are one file/);
  });

  it('ask for one DataSource where several know the entity', async () => {
    const database = await newDatabase('sqlite');
    const other = await newDatabase('sqlite');
    const providers = [await provided(database), { ...(await provided(other)), provide: 'otherDataSource' }];
    expect(await refusal(wrong({}), { database, providers })).toMatch(
      /several DataSources know "User": "DataSource", "otherDataSource"\. Name one/,
    );
  });

  it('say what to run where the database user may not make triggers', async () => {
    const database = await newDatabase('postgres');
    const schema = database.environment['SCHEMA'] as string;
    const owner = await openDataSource(database, [User]);
    await owner.query(`CREATE ROLE ${schema}_guest LOGIN PASSWORD 'guest'`);
    await owner.query(`GRANT USAGE ON SCHEMA ${schema} TO ${schema}_guest`);
    await owner.query(`GRANT ALL ON ALL TABLES IN SCHEMA ${schema} TO ${schema}_guest`);
    const url = new URL(database.environment['DATABASE'] as string);
    [url.username, url.password] = [`${schema}_guest`, 'guest'];
    const guest = await new DataSource({ type: 'postgres', url: url.href, schema, entities: [User] }).initialize();
    sources.push(guest);
    const own = await newDatabase('sqlite');
    const providers = [{ provide: DataSource, useValue: guest }];
    const told = await refusal(UserTriggers, { database: own, providers });
    expect(told).toMatch(
      /cannot be made: permission denied.*Let somebody who may run this.*CREATE TABLE IF NOT EXISTS/s,
    );
    for (const sql of entityCaptureSql(owner, [UserTriggers])) await owner.query(sql);
    await owner.query(`GRANT SELECT, INSERT, DELETE ON ${schema}.triggers_outbox TO ${schema}_guest`);
    const app = await boot({ database: own, providers: [Note, UserTriggers, ...providers] });
    await guest.manager.insert(User, { id: 1, name: 'Ada' });
    await app.ended(1);
    expect(seen).toEqual(['Ada']);
    await app.close();
    await owner.query(`DROP OWNED BY ${schema}_guest; DROP ROLE ${schema}_guest`);
    await owner.destroy();
  });

  it('need nothing of TypeORM where there are none', async () => {
    const database = await newDatabase('sqlite');
    const app = await boot({ database, module: () => TriggersModule.forRoot({ database: database.options }) });
    expect(await app.triggers.list()).toEqual([]);
  });
});
