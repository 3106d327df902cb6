import { Injectable } from '@nestjs/common';
import { EntityTrigger, Task, Workflow } from 'nestjs-triggers';
import type { EntityChange } from 'nestjs-triggers';
import { TestClock } from 'nestjs-triggers/testing';
import { Column, Entity, EntitySchema, PrimaryColumn } from 'typeorm';
import type { EntitySchemaColumnOptions } from 'typeorm';
import { cleanUp, logged } from '../support/app.js';
import { DIALECTS, newDatabase } from '../support/database.js';
import { openShop } from '../support/shop.js';
import type { Shop } from '../support/shop.js';

@Entity()
class Parcel {
  @PrimaryColumn()
  id!: number;

  @Column({ type: 'text', default: '' })
  label!: string;
}

/** A table of the same name, in another schema. */
class FarParcel {
  id!: number;
}

/** It has more columns than a function of SQLite takes arguments. */
class Wide {
  id!: number;
}

const NAMES = Array.from({ length: 150 }, (_, at) => `c${at}`);
const number: EntitySchemaColumnOptions = { type: Number };
const WIDE = new EntitySchema<Wide>({
  name: 'Wide',
  target: Wide,
  columns: { id: { type: Number, primary: true }, ...Object.fromEntries(NAMES.map((name) => [name, number])) },
});

@Workflow({ name: 'note' })
class Note {
  @Task()
  take() {}
}

let seen: unknown[] = [];

@Injectable()
class Parcels {
  @EntityTrigger({ workflow: Note, entity: Parcel, on: ['insert'] })
  parcel({ after }: EntityChange<Parcel, 'insert'>) {
    seen.push(after);
    return { parcel: after.id };
  }
}

@Injectable()
class FarParcels {
  @EntityTrigger({ workflow: Note, entity: FarParcel, on: ['insert'] })
  far({ entity, after }: EntityChange<FarParcel, 'insert'>) {
    seen.push({ entity, ...after });
  }
}

@Injectable()
class Wides {
  @EntityTrigger({ workflow: Note, entity: Wide, on: ['insert', 'update'] })
  wide({ before, after }: EntityChange<Wide, 'insert' | 'update'>) {
    seen.push(before, after);
  }
}

beforeEach(() => (seen = []));
afterEach(cleanUp);

describe.each(DIALECTS)('tables that are watched, on %s', (database) => {
  it('may have many columns', async () => {
    const shop = await openShop({ database, entities: [WIDE], providers: [Note, Wides] });
    const row = { id: 1, ...Object.fromEntries(NAMES.map((name, at) => [name, at])) };
    await shop.source.manager.insert(Wide, row);
    await shop.source.manager.update(Wide, { id: 1 }, { c149: 7 } as object);
    await shop.relayed();
    expect(seen).toEqual([null, row, row, { ...row, c149: 7 }]);
  });

  it('may have large rows: they fire what the method takes of them, however much it is together', async () => {
    const shop = await openShop({ database, entities: [Parcel], providers: [Note, Parcels] });
    const sizes = [3_000_000, ...Array.from({ length: 8 }, () => 1_500_000), 10];
    await shop.source.transaction(async (manager) => {
      for (const [id, size] of sizes.entries()) await manager.insert(Parcel, { id, label: 'x'.repeat(size) });
    });
    await shop.relayed();
    expect((seen as Parcel[]).map(({ label }) => label.length)).toEqual(sizes);
    expect(await shop.app.ended(sizes.length)).toHaveLength(sizes.length);
  }, 60_000);

  it.each([
    ['come later', { synchronize: false }, async () => undefined],
    ['be dropped and made again while the application runs', {}, ({ own }: Shop) => own.query('DROP TABLE parcel')],
  ])('may %s: they are looked for, and from then on what is written fires', async (_how, typeorm, before) => {
    const clock = new TestClock();
    const shop = await openShop({ database, entities: [Parcel], providers: [Note, Parcels], typeorm, clock });
    await before(shop);
    await shop.source.synchronize();
    await clock.advance(61_000);
    await shop.app.kit.drain();
    await shop.source.manager.insert(Parcel, { id: 1 });
    await shop.app.kit.drain();
    expect(seen).toEqual([{ id: 1, label: '' }]);
  });

  it('are named in a warning while they are not there', async () => {
    const typeorm = { synchronize: false };
    await openShop({ database, entities: [Parcel], providers: [Note, Parcels], typeorm });
    expect(logged.join('\n')).toMatch(/has no table ".*parcel".*looked for every minute/);
  });

  it('may have a column renamed while the application runs: no write fails, and each is told', async () => {
    const shop = await openShop({ database, entities: [Parcel], providers: [Note, Parcels] });
    await shop.own.query('ALTER TABLE parcel RENAME COLUMN label TO caption');
    await shop.own.query(`INSERT INTO parcel (id, caption) VALUES (1, 'new')`);
    await shop.relayed();
    expect(seen).toMatchObject([{ id: 1 }]);
  });
});

it('are told from those of the same name in another schema of Postgres', async () => {
  const database = await newDatabase('postgres');
  const other = `${String(database.environment['SCHEMA'])}_far`;
  await database.query(`CREATE SCHEMA ${other}`);
  const far = new EntitySchema<FarParcel>({
    name: 'FarParcel',
    target: FarParcel,
    tableName: 'parcel',
    schema: other,
    columns: { id: { type: Number, primary: true } },
  });
  const providers = [Note, Parcels, FarParcels];
  const shop = await openShop({ database, entities: [Parcel, far], providers });
  await shop.source.manager.insert(Parcel, { id: 1 });
  await shop.source.manager.insert(FarParcel, { id: 2 });
  await shop.own.query(`INSERT INTO ${other}.parcel VALUES (3)`);
  await shop.relayed();
  expect(seen).toEqual([
    { id: 1, label: '' },
    { entity: 'FarParcel', id: 2 },
    { entity: 'FarParcel', id: 3 },
  ]);
  await shop.app.close();
  await database.query(`DROP SCHEMA ${other} CASCADE`);
});

it('keep a column that a raw statement would drop on SQLite, as long as our triggers name it', async () => {
  const shop = await openShop({ database: 'sqlite', entities: [Parcel], providers: [Note, Parcels] });
  const dropped = shop.own.query('ALTER TABLE parcel DROP COLUMN label').then(
    () => 'dropped',
    ({ message }: Error) => message,
  );
  expect(await dropped).toMatch(/triggers_capture_.* no such column: NEW.label/);
  await shop.source.manager.insert(Parcel, { id: 1, label: 'there' });
  await shop.relayed();
  expect(seen).toEqual([{ id: 1, label: 'there' }]);
});
