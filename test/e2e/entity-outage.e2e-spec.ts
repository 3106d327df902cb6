import { Injectable } from '@nestjs/common';
import { EntityTrigger, ManualTrigger, Task, TriggerResult, Workflow } from 'nestjs-triggers';
import type { EntityChange, ManualRequest, TaskContext } from 'nestjs-triggers';
import { Entity, PrimaryColumn } from 'typeorm';
import { cleanUp, logged } from '../support/app.js';
import { DIALECTS, newDatabase, postgresUrl } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { Proxy } from '../support/proxy.js';
import { openShop } from '../support/shop.js';
import type { Shop } from '../support/shop.js';
import { until } from '../support/until.js';

@Entity()
class Parcel {
  @PrimaryColumn()
  id!: number;
}

let sent: number[] = [];
let onPacked = (): void => undefined;

@Workflow({ name: 'dispatch' })
class Dispatch {
  @Task()
  send({ data }: TaskContext<{ readonly parcel: number }>) {
    sent.push(data.parcel);
  }
}

@Injectable()
class Parcels {
  @EntityTrigger({ workflow: Dispatch, entity: Parcel, on: ['insert'] })
  packed({ after }: EntityChange<Parcel, 'insert'>) {
    onPacked();
    return { parcel: after.id };
  }

  @ManualTrigger({ workflow: Dispatch })
  pushed({ input }: ManualRequest) {
    return TriggerResult.fire(input as { parcel: number });
  }
}

describe.each(DIALECTS)('while our database is out of reach and that of the application, on %s, is not', (dialect) => {
  let proxy: Proxy;
  let shop: Shop;

  beforeEach(async () => {
    sent = [];
    proxy = await Proxy.to(postgresUrl());
    const ledger = await newDatabase('postgres');
    const database = { ...ledger, options: { ...ledger.options, url: proxy.url, commitDeadline: '500ms' } as const };
    const own = await newDatabase(dialect);
    shop = await openShop({ database, own, entities: [Parcel], providers: [Dispatch, Parcels] });
  });

  afterEach(async () => {
    proxy.mend();
    proxy.goOn();
    await cleanUp();
    proxy.close();
  });

  const insert = (id: number): Promise<unknown> => shop.source.manager.insert(Parcel, { id });
  const numbers = (from: number, count: number): number[] => Array.from({ length: count }, (_, at) => from + at);

  it.each([
    ['refuses connections', () => proxy.cut(), () => proxy.mend()],
    ['is silent', () => proxy.stall(), () => proxy.goOn()],
  ])(
    'the application writes on, and all of it fires once when ours, which %s, is back',
    async (_how, lose, find) => {
      await insert(1);
      await shop.relayed();
      lose();
      for (const id of numbers(2, 20)) await insert(id);
      await shop.source.transaction(async (manager) => {
        await manager.insert(Parcel, { id: 50 });
        await shop.app.triggers.fire('pushed', { parcel: 51 }, { manager });
      });
      const undone = shop.source.transaction(async (manager) => {
        await manager.insert(Parcel, { id: 60 });
        await shop.app.triggers.fire('pushed', { parcel: 61 }, { manager });
        throw new Error('undone');
      });
      await expect(undone).rejects.toThrow('undone');
      await until(() => Promise.resolve(warned()), 'the relay has met it');
      expect((await shop.outbox()).length).toBe(22);
      expect(sent).toEqual([1]);
      find();
      await shop.relayed();
      await until(() => sent.length >= 23, 'all are sent');
      await shop.app.kit.drain();
      expect([...sent].sort((one, other) => one - other)).toEqual([...numbers(1, 21), 50, 51]);
    },
    60_000,
  );
});

describe('a node on Postgres whose network falls silent while it relays', () => {
  let proxy: Proxy;

  beforeEach(async () => {
    sent = [];
    proxy = await Proxy.to(postgresUrl());
  });

  afterEach(async () => {
    onPacked = () => undefined;
    proxy.close();
    await cleanUp();
  });

  it('keeps nobody else from relaying, and relays again when it has a network', async () => {
    const own = await newDatabase('postgres');
    const far = { ...own, options: { ...own.options, url: proxy.url } as TestDatabase['options'] };
    const common = { database: await newDatabase('postgres'), entities: [Parcel], providers: [Dispatch, Parcels] };
    const silent = await openShop({ ...common, own: far, options: { node: { name: 'silent' } } });
    onPacked = () => proxy.stall();
    await own.query('INSERT INTO parcel VALUES (1)');
    await until(() => sent.includes(1), 'the first is sent');
    onPacked = () => undefined;
    const near = await openShop({
      ...common,
      own,
      typeorm: { synchronize: false },
      options: { node: { name: 'near' } },
    });
    await own.query('INSERT INTO parcel VALUES (2)');
    await until(() => sent.includes(2), 'the other node has relayed', 40_000);
    await near.relayed();
    await near.app.close();
    proxy.forget();
    await own.query('INSERT INTO parcel VALUES (3)');
    await until(() => sent.includes(3), 'the silent one relays again', 40_000);
    await silent.app.kit.drain();
    expect(sent).toEqual([1, 2, 3]);
  }, 90_000);
});

function warned(): boolean {
  return logged.some((line) => line.includes('what has changed is fired later'));
}
