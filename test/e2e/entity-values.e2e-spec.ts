import { Injectable } from '@nestjs/common';
import { EntityTrigger, Task, Workflow } from 'nestjs-triggers';
import type { EntityChange } from 'nestjs-triggers';
import { ChildEntity, Column, Entity, EntitySchema, PrimaryColumn, TableInheritance } from 'typeorm';
import { cleanUp } from '../support/app.js';
import { DIALECTS } from '../support/database.js';
import type { DialectName } from '../support/database.js';
import { openShop } from '../support/shop.js';
import type { Shop } from '../support/shop.js';

const BYTES: Record<DialectName, 'blob' | 'bytea'> = { sqlite: 'blob', postgres: 'bytea' };
const INSTANT: Record<DialectName, 'datetime' | 'timestamptz'> = { sqlite: 'datetime', postgres: 'timestamptz' };

class Money {
  @Column({ type: 'decimal', precision: 12, scale: 2 })
  amount!: string;

  @Column()
  currency!: string;
}

@Entity({ name: 'Odd Table' })
class Odd {
  @PrimaryColumn({ name: 'The Id', type: 'bigint' })
  id!: string;

  @Column({ name: "it's", type: 'text', nullable: true })
  note!: string | null;

  @Column(() => Money)
  price!: Money;

  @Column({ type: 'simple-json' })
  settings!: object;

  @Column({ type: 'simple-array' })
  tags!: string[];

  @Column({ type: 'date' })
  day!: string;

  @Column({ type: 'real', transformer: { to: (value: number) => value / 100, from: (value: number) => value * 100 } })
  percent!: number;

  @Column()
  done!: boolean;
}

@Entity()
@TableInheritance({ column: { type: 'varchar', name: 'kind' } })
class Animal {
  @PrimaryColumn()
  id!: number;
}

@ChildEntity()
class Cat extends Animal {
  @Column({ nullable: true, type: 'varchar' })
  meow!: string | null;
}

@ChildEntity()
class Dog extends Animal {
  @Column({ nullable: true, type: 'varchar' })
  bark!: string | null;
}

/** It holds what JSON cannot carry. */
class Oddity {
  id!: number;
  value!: unknown;
  number!: number;
}

const VALUE: Record<DialectName, 'text' | 'json'> = { sqlite: 'text', postgres: 'json' };
const oddityOn = (dialect: DialectName): EntitySchema<Oddity> =>
  new EntitySchema<Oddity>({
    name: 'Oddity',
    target: Oddity,
    columns: {
      id: { type: Number, primary: true },
      value: { type: VALUE[dialect], nullable: true },
      number: { type: 'float', nullable: true },
    },
  });

/** Assignments, as SQL. */
const ODD: Record<DialectName, readonly string[]> = {
  sqlite: [
    `value = 'a' || char(0)`,
    `value = CAST(x'ff' AS text)`,
    `value = x'00ff'`,
    'number = 9e999',
    'number = -9e999',
  ],
  postgres: [
    `value = '{"a":"\\u0000"}'`,
    `value = '{"a\\u0000":1}'`,
    `value = '"\\ud800"'`,
    `number = 'NaN'`,
    `number = '-Infinity'`,
  ],
};

class Photo {
  id!: number;
  data!: Buffer;
  takenAt!: Date;
}

/** Its types have other names on each database. */
const photoOn = (dialect: DialectName): EntitySchema<Photo> =>
  new EntitySchema<Photo>({
    name: 'Photo',
    target: Photo,
    columns: {
      id: { type: Number, primary: true },
      data: { type: BYTES[dialect] },
      takenAt: { type: INSTANT[dialect] },
    },
  });

@Workflow({ name: 'note' })
class Note {
  @Task()
  take() {}
}

let seen: EntityChange<object>[] = [];

@Injectable()
class Watchers {
  @EntityTrigger({ workflow: Note, entity: Odd, on: ['insert'] })
  odd(change: EntityChange<Odd, 'insert'>) {
    seen.push(change);
  }

  @EntityTrigger({ workflow: Note, entity: Odd, on: ['update'], columns: ['price', 'note'] })
  price({ before, after }: EntityChange<Odd, 'update'>) {
    return { before: before.price, after: after.price, note: after.note };
  }

  @EntityTrigger({ workflow: Note, entity: Cat, on: ['insert', 'remove'] })
  cat(change: EntityChange<Cat, 'insert' | 'remove'>) {
    seen.push(change);
  }

  @EntityTrigger({ workflow: Note, entity: Oddity, on: ['update'], columns: ['value', 'number'] })
  oddity(change: EntityChange<Oddity, 'update'>) {
    seen.push(change);
    return { id: change.id };
  }

  @EntityTrigger({ workflow: Note, entity: Photo, on: ['insert'] })
  photo(change: EntityChange<Photo, 'insert'>) {
    seen.push(change);
  }
}

describe.each(DIALECTS)('what entity triggers see on %s', (dialect) => {
  let shop: Shop;

  beforeEach(async () => {
    seen = [];
    const entities = [Odd, Animal, Cat, Dog, photoOn(dialect), oddityOn(dialect)];
    shop = await openShop({ database: dialect, entities, providers: [Note, Watchers] });
  });
  afterEach(cleanUp);

  const odd = {
    note: "it's",
    price: { amount: '12.50', currency: 'EUR' },
    settings: { deep: [1.5, '1.50'] },
    tags: ['a', 'b'],
    day: '2026-03-29',
    percent: 50,
    done: true,
  };
  const contexts = async (): Promise<unknown[]> => {
    const rows = await shop.app.database.query('SELECT context FROM triggers_firing ORDER BY id');
    return rows.map(({ context }) => JSON.parse(context as string) as unknown);
  };

  it('is what TypeORM reads, whatever tables, columns and types are called', async () => {
    await shop.source.manager.insert(Odd, { ...odd, id: '1234567890123' });
    await shop.relayed();
    const read = await shop.source.manager.findOneByOrFail(Odd, { id: '1234567890123' });
    expect(seen.map(({ after }) => after)).toEqual([{ ...read }]);
    expect(seen.map(({ id }) => id)).toEqual([read.id]);
  });

  it('is the whole of a number that JavaScript would round', async () => {
    const table = shop.source.getMetadata(Odd).tablePath.replace('Odd Table', '"Odd Table"');
    const sql = `INSERT INTO ${table} ("The Id", "priceAmount", "priceCurrency", settings, tags, day, percent, done)
      VALUES (9007199254740993, 1, 'EUR', '{}', '', '2026-03-29', 0.5, true)`;
    await shop.source.query(sql);
    await shop.relayed();
    expect(seen.map(({ id }) => id)).toEqual(['9007199254740993']);
  });

  it('is told by any column of an embedded class that is watched, and by letters that change their case', async () => {
    await shop.source.manager.insert(Odd, { ...odd, id: '7' });
    await shop.source.manager.update(Odd, { id: '7' }, { day: '2026-03-30' });
    await shop.source.manager.update(Odd, { id: '7' }, { price: { currency: 'CHF' } });
    await shop.source.manager.update(Odd, { id: '7' }, { note: "IT'S" });
    await shop.relayed();
    const [amount] = [(await shop.source.manager.findOneByOrFail(Odd, { id: '7' })).price.amount];
    expect((await contexts()).slice(1)).toEqual([
      { before: { amount, currency: 'EUR' }, after: { amount, currency: 'CHF' }, note: "it's" },
      { before: { amount, currency: 'CHF' }, after: { amount, currency: 'CHF' }, note: "IT'S" },
    ]);
  });

  it('is told of values that JSON cannot carry, and no write of them fails', async () => {
    await shop.own.query('INSERT INTO oddity (id) VALUES (1)');
    for (const assignment of ODD[dialect]) await shop.own.query(`UPDATE oddity SET ${assignment}`);
    await shop.relayed();
    expect(seen).toHaveLength(ODD[dialect].length);
    expect(await contexts()).toEqual(seen.map(() => ({ id: 1 })));
  });

  it('is of the class that is watched, where several share a table', async () => {
    await shop.source.manager.save([
      Object.assign(new Cat(), { id: 1, meow: 'miau' }),
      Object.assign(new Dog(), { id: 2, bark: 'wau' }),
    ]);
    await shop.source.manager.delete(Animal, [1, 2]);
    await shop.relayed();
    expect(seen.map(({ operation, before, after }) => [operation, before ?? after])).toEqual([
      ['insert', expect.objectContaining({ id: 1, meow: 'miau' })],
      ['remove', expect.objectContaining({ id: 1, meow: 'miau' })],
    ]);
  });

  it('is a Buffer and a Date in the method, base64 and text in what is fired without its word', async () => {
    const photo = { id: 1, data: Buffer.from([0, 255, 7]), takenAt: new Date('2026-03-29T01:02:03.004Z') };
    await shop.source.manager.insert(Photo, photo);
    await shop.relayed();
    expect(seen.map(({ after }) => after)).toEqual([photo]);
    expect(await contexts()).toEqual([
      {
        entity: 'Photo',
        operation: 'insert',
        id: 1,
        before: null,
        after: { id: 1, data: 'AP8H', takenAt: '2026-03-29T01:02:03.004Z' },
      },
    ]);
  });
});
