import { Injectable } from '@nestjs/common';
import { EntityTrigger, Task, Workflow } from 'nestjs-triggers';
import type { EntityChange } from 'nestjs-triggers';
import {
  Column,
  DataSource,
  DeleteDateColumn,
  Entity,
  ManyToOne,
  OneToMany,
  PrimaryColumn,
  PrimaryGeneratedColumn,
} from 'typeorm';
import type { EntityManager } from 'typeorm';
import { cleanUp } from '../support/app.js';
import type { TestApp } from '../support/app.js';
import { DIALECTS } from '../support/database.js';
import { openShop } from '../support/shop.js';

@Entity()
class Customer {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column({ name: 'full_name' })
  name!: string;

  @Column({ default: 'free' })
  plan!: string;

  @Column({ default: true })
  active!: boolean;

  @Column({ select: false, nullable: true, type: 'varchar' })
  password?: string | null;

  @DeleteDateColumn()
  deletedAt!: Date | null;

  @OneToMany(() => Address, (address) => address.customer, { cascade: true })
  addresses!: Address[];
}

@Entity()
class Address {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column()
  city!: string;

  @ManyToOne(() => Customer, (customer) => customer.addresses, { onDelete: 'CASCADE' })
  customer!: Customer;
}

@Entity()
class Stock {
  @PrimaryColumn()
  shop!: string;

  @PrimaryColumn()
  article!: number;

  @Column()
  count!: number;
}

@Workflow({ name: 'note' })
class Note {
  @Task()
  take() {}
}

let changes: EntityChange<Customer>[] = [];
let addresses: EntityChange<Address>[] = [];
let stocks: EntityChange<Stock>[] = [];
let plans: unknown[] = [];
let counted: unknown[] = [];

@Injectable()
class Watchers {
  @EntityTrigger({ workflow: Note, entity: Customer, on: ['insert', 'update', 'remove'] })
  customer(change: EntityChange<Customer>) {
    changes.push(change);
  }

  @EntityTrigger({ workflow: Note, entity: Customer, on: ['update'], columns: ['plan'] })
  plan({ before, after }: EntityChange<Customer, 'update'>) {
    plans.push([before.plan, after.plan]);
    return { customer: after.id };
  }

  @EntityTrigger({ workflow: Note, entity: Address, on: ['insert', 'remove'] })
  address(change: EntityChange<Address, 'insert' | 'remove'>) {
    addresses.push(change);
  }

  @EntityTrigger({ workflow: Note, entity: Stock, on: ['insert', 'update', 'remove'] })
  counted({ before, after }: EntityChange<Stock>) {
    counted.push([before?.count ?? null, after?.count ?? null]);
  }

  @EntityTrigger({ workflow: Note, entity: Stock, on: ['update'], when: ({ after }) => after.count === 0 })
  soldOut(change: EntityChange<Stock, 'update'>) {
    stocks.push(change);
  }
}

describe.each(DIALECTS)('entity triggers on %s', (dialect) => {
  let app: TestApp;
  let source: DataSource;
  let relayed: () => Promise<void>;

  beforeEach(async () => {
    [changes, addresses, stocks, plans, counted] = [[], [], [], [], []];
    const entities = [Customer, Address, Stock];
    ({ app, source, relayed } = await openShop({ database: dialect, entities, providers: [Note, Watchers] }));
  });
  afterEach(cleanUp);

  const told = (): unknown[] =>
    changes.map(({ operation, before, after }) => [operation, before?.name ?? null, after?.name ?? null]);

  type Write = (manager: EntityManager) => Promise<unknown>;
  const bob = (manager: EntityManager) => manager.save(Customer, { name: 'Bob' });
  const allAre = (manager: EntityManager, customer: Partial<Pick<Customer, 'name' | 'plan'>>) =>
    manager.createQueryBuilder().update(Customer).set(customer).execute();
  const raw = (manager: EntityManager, sql: string) => manager.query(sql.replace('customer', tableOf('customer')));
  const tableOf = (name: string): string =>
    source.entityMetadatas.find(({ tableName }) => tableName === name)!.tablePath;

  it.each<[string, Write, unknown[]]>([
    ['save', bob, [['insert', null, 'Bob']]],
    ['insert', (manager) => manager.insert(Customer, { name: 'Bob' }), [['insert', null, 'Bob']]],
    [
      'a bulk insert, in the order of its rows',
      (manager) => manager.insert(Customer, [{ name: 'Bob' }, { name: 'Eve' }]),
      [
        ['insert', null, 'Bob'],
        ['insert', null, 'Eve'],
      ],
    ],
    [
      'a query builder',
      (manager) => manager.createQueryBuilder().insert().into(Customer).values({ name: 'Bob' }).execute(),
      [['insert', null, 'Bob']],
    ],
    [
      'raw SQL',
      (manager) => raw(manager, `INSERT INTO customer (full_name) VALUES ('Bob')`),
      [['insert', null, 'Bob']],
    ],
    ['update', (manager) => manager.update(Customer, { id: 1 }, { name: 'Ann' }), [['update', 'Ada', 'Ann']]],
    ['a bulk update', (manager) => allAre(manager, { name: 'Ann' }), [['update', 'Ada', 'Ann']]],
    ['raw updates', (manager) => raw(manager, `UPDATE customer SET full_name = 'Ann'`), [['update', 'Ada', 'Ann']]],
    ['delete', (manager) => manager.delete(Customer, { id: 1 }), [['remove', 'Ada', null]]],
    [
      'remove',
      async (manager) => manager.remove(await manager.findOneByOrFail(Customer, { id: 1 })),
      [['remove', 'Ada', null]],
    ],
    [
      'a saved change',
      async (manager) => {
        const ada = await manager.findOneByOrFail(Customer, { id: 1 });
        await manager.save(Object.assign(ada, { name: 'Ann' }));
      },
      [['update', 'Ada', 'Ann']],
    ],
    [
      'deletes of a query builder',
      (manager) => manager.createQueryBuilder().delete().from(Customer).execute(),
      [['remove', 'Ada', null]],
    ],
    [
      'soft deletes of a query builder',
      (manager) => manager.createQueryBuilder().softDelete().from(Customer).execute(),
      [['remove', 'Ada', null]],
    ],
    [
      'a soft-removed and recovered entity',
      async (manager) => manager.recover(await manager.softRemove(await manager.findOneByOrFail(Customer, { id: 1 }))),
      [
        ['remove', 'Ada', null],
        ['insert', null, 'Ada'],
      ],
    ],
    ['raw deletes', (manager) => raw(manager, 'DELETE FROM customer'), [['remove', 'Ada', null]]],
    [
      'a soft delete, as of a removed row',
      (manager) => manager.softDelete(Customer, { id: 1 }),
      [['remove', 'Ada', null]],
    ],
    [
      'a restored row, as of a new one, and of nothing while it was away',
      async (manager) => {
        await manager.softDelete(Customer, { id: 1 });
        await manager.update(Customer, { id: 1 }, { name: 'Ann' });
        await manager.restore(Customer, { id: 1 });
      },
      [
        ['remove', 'Ada', null],
        ['insert', null, 'Ann'],
      ],
    ],
    [
      'the end of a row that was soft-deleted before: nothing',
      async (manager) => {
        await manager.softDelete(Customer, { id: 1 });
        await manager.delete(Customer, { id: 1 });
      },
      [['remove', 'Ada', null]],
    ],
    [
      'an update that changes nothing: nothing',
      (manager) => raw(manager, 'UPDATE customer SET full_name = full_name'),
      [],
    ],
  ])('are told of %s', async (_what, write, expected) => {
    await source.manager.save(Customer, { name: 'Ada' });
    await relayed();
    changes = [];
    await write(source.manager);
    await relayed();
    expect(told()).toEqual(expected);
  });

  it('are told of rows that a cascade inserts, and of those that the database removes by a foreign key', async () => {
    const { id } = await source.manager.save(Customer, {
      name: 'Ada',
      addresses: [{ city: 'Rome' }, { city: 'Bern' }],
    });
    await source.manager.delete(Customer, { id });
    await relayed();
    expect(addresses.map(({ operation, before, after }) => [operation, (before ?? after)?.city])).toEqual([
      ['insert', 'Rome'],
      ['insert', 'Bern'],
      ['remove', 'Rome'],
      ['remove', 'Bern'],
    ]);
    expect(addresses[0]).toMatchObject({ entity: 'Address', before: null, after: { customer: { id } } });
  });

  it('see a row as the entity has it, by the names of its properties and without what nobody selects', async () => {
    const { id } = await source.manager.save(Customer, { name: 'Ada', password: 'secret' });
    await relayed();
    expect(changes).toEqual([
      {
        entity: 'Customer',
        operation: 'insert',
        id,
        before: null,
        after: { id, name: 'Ada', plan: 'free', active: true, deletedAt: null },
        changedAt: expect.any(Date),
      },
    ]);
    const [firing] = await app.database.query('SELECT context FROM triggers_firing');
    expect(JSON.parse(firing!['context'] as string)).toEqual({
      entity: 'Customer',
      operation: 'insert',
      id,
      before: null,
      after: { id, name: 'Ada', plan: 'free', active: true, deletedAt: null },
    });
  });

  it('are told of both kinds of an upsert', async () => {
    const place = { shop: 'north', article: 1 };
    await source.manager.insert(Stock, { ...place, count: 2 });
    await source.manager.upsert(
      Stock,
      [
        { ...place, count: 3 },
        { shop: 'south', article: 1, count: 1 },
      ],
      ['shop', 'article'],
    );
    await relayed();
    expect(counted).toEqual([
      [null, 2],
      [2, 3],
      [null, 1],
    ]);
  });

  it('hear only of updates of the columns that they name', async () => {
    const { id } = await source.manager.save(Customer, { name: 'Ada' });
    await source.manager.update(Customer, { id }, { name: 'Ann' });
    await source.manager.update(Customer, { id }, { plan: 'paid', name: 'Eve' });
    await relayed();
    expect(plans).toEqual([['free', 'paid']]);
  });

  it('know rows with several keys, and leave out what "when" refuses without a record', async () => {
    await source.manager.insert(Stock, { shop: 'north', article: 7, count: 2 });
    await source.manager.update(Stock, { shop: 'north', article: 7 }, { count: 1 });
    await source.manager.update(Stock, { shop: 'north', article: 7 }, { count: 0 });
    await relayed();
    expect(stocks.map(({ id }) => id)).toEqual([{ shop: 'north', article: 7 }]);
    expect((await app.get('/soldOut/firings')).items).toHaveLength(1);
  });

  it('fire nothing of what was rolled back', async () => {
    const refused = source.transaction(async (manager) => {
      await bob(manager);
      await allAre(manager, { plan: 'paid' });
      throw new RangeError('undone');
    });
    await expect(refused).rejects.toThrow('undone');
    await bob(source.manager);
    await relayed();
    expect(told()).toEqual([['insert', null, 'Bob']]);
  });

  it('fire nothing of what was rolled back to a savepoint, and the rest of its transaction', async () => {
    await source.transaction(async (manager) => {
      await bob(manager);
      const undone = manager.transaction(async (inner) => {
        await allAre(inner, { name: 'Eve' });
        throw new RangeError('undone');
      });
      await expect(undone).rejects.toThrow('undone');
      await allAre(manager, { name: 'Ann' });
    });
    await relayed();
    expect(told()).toEqual([
      ['insert', null, 'Bob'],
      ['update', 'Bob', 'Ann'],
    ]);
  });

  it('fire what a transaction has written when it commits, and nothing before', async () => {
    await source.transaction(async (manager) => {
      await bob(manager);
      await app.kit.drain();
      expect((await app.get('/customer/firings')).items).toEqual([]);
    });
    await relayed();
    expect(told()).toEqual([['insert', null, 'Bob']]);
  });
});
