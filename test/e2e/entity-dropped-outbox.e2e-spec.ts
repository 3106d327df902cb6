import { Injectable } from '@nestjs/common';
import { EntityTrigger, Task, Workflow, entityCaptureSql } from 'nestjs-triggers';
import type { EntityChange, TaskContext } from 'nestjs-triggers';
import pg from 'pg';
import { Entity, PrimaryColumn } from 'typeorm';
import { cleanUp, logged } from '../support/app.js';
import { DIALECTS } from '../support/database.js';
import { openShop } from '../support/shop.js';
import type { Shop } from '../support/shop.js';
import { until } from '../support/until.js';

@Entity()
class Coupon {
  @PrimaryColumn()
  id!: number;
}

let redeemed: number[] = [];

@Workflow({ name: 'redeem' })
class Redeem {
  @Task()
  redeem({ data }: TaskContext<{ readonly coupon: number }>) {
    redeemed.push(data.coupon);
  }
}

@Injectable()
class Coupons {
  @EntityTrigger({ workflow: Redeem, entity: Coupon, on: ['insert'] })
  coupon({ after }: EntityChange<Coupon, 'insert'>) {
    return { coupon: after.id };
  }
}

const DROP = 'DROP TABLE triggers_outbox';
const told = (): string[] => logged.filter((line) => line.includes('somebody has dropped "triggers_outbox"'));

let shop: Shop;
const insert = (id: number): Promise<unknown> => shop.source.manager.insert(Coupon, { id });
/** Whether the outbox is there. */
const isThere = (): Promise<boolean> =>
  shop.outbox().then(
    () => true,
    () => false,
  );
beforeEach(() => (redeemed = []));
afterEach(cleanUp);

describe.each(DIALECTS)('an outbox that somebody drops, on %s', (dialect) => {
  beforeEach(async () => {
    shop = await openShop({ database: dialect, entities: [Coupon], providers: [Redeem, Coupons] });
    await insert(1);
    await shop.relayed();
    await shop.app.ended(1);
  });

  it('is made again while the application runs, which says what is lost, and fires what is written from then on', async () => {
    await shop.own.query(DROP);
    await until(isThere, 'the outbox is there again');
    await insert(2);
    await shop.relayed();
    await shop.app.ended(2);
    expect(redeemed).toEqual([1, 2]);
    expect(told()).toHaveLength(1);
  });

  it('is made again at the next start, which says it too', async () => {
    const { database } = shop.app;
    await shop.app.close();
    await shop.own.query(DROP);
    shop = await openShop({ database, entities: [Coupon], providers: [Redeem, Coupons] });
    await insert(2);
    await shop.relayed();
    await shop.app.ended(2);
    expect(redeemed).toEqual([1, 2]);
    expect(told()).toHaveLength(1);
  });

  it('is mended by whoever runs what `entityCaptureSql` prints', async () => {
    await shop.app.triggers.stop();
    await shop.own.query(DROP);
    for (const sql of entityCaptureSql(shop.source, [Coupons]).slice(0, 1)) await shop.own.query(sql);
    await insert(2);
    await shop.app.triggers.start();
    await shop.relayed();
    await shop.app.ended(2);
    expect(redeemed).toEqual([1, 2]);
  });
});

describe('where nobody makes a dropped outbox again', () => {
  const open = async (dialect: (typeof DIALECTS)[number]): Promise<void> => {
    shop = await openShop({ database: dialect, entities: [Coupon], providers: [Redeem, Coupons] });
    await shop.app.triggers.stop();
    await shop.own.query(DROP);
  };

  it('writes do not fail on Postgres, and the server warns that they fire nothing', async () => {
    await open('postgres');
    const client = new pg.Client({ connectionString: shop.own.environment['DATABASE'] as string });
    const warnings: unknown[] = [];
    client.on('notice', ({ severity, message }) => warnings.push([severity, message]));
    client.on('error', () => undefined);
    await client.connect();
    await client.query(`SET search_path = ${String(shop.own.environment['SCHEMA'])}`);
    await client.query('INSERT INTO coupon SELECT generate_series(1, 1000)');
    await client.end();
    expect(warnings).toContainEqual([
      'WARNING',
      expect.stringMatching(/^A change of \S+coupon is not captured: there is no table triggers_outbox/),
    ]);
    // One in a tenth of a second, not one for each row.
    expect(warnings.length).toBeLessThan(100);
  });

  it('the first write wakes who makes it again on Postgres', async () => {
    await open('postgres');
    await shop.app.triggers.start();
    await until(isThere, 'it is there again');
    await insert(1);
    await shop.relayed();
    await shop.own.query(DROP);
    const { source } = shop;
    await source.transaction(async (manager) => {
      await manager.insert(Coupon, { id: 2 });
      await manager.insert(Coupon, { id: 3 });
    });
    await until(isThere, 'it is there again, once more');
    await insert(4);
    await shop.relayed();
    await until(() => redeemed.length === 2, 'what was captured is redeemed');
    expect(redeemed).toEqual([1, 4]);
  });

  it('writes fail on SQLite, which names it, and transactions without watched tables go on', async () => {
    await open('sqlite');
    await expect(insert(1)).rejects.toThrow('no such table: main.triggers_outbox');
    await expect(shop.source.query('SELECT COUNT(*) FROM coupon')).resolves.toBeDefined();
    await shop.app.triggers.start();
    await until(isThere, 'it is there again');
    await insert(1);
    await shop.relayed();
    await until(() => redeemed.length === 1, 'it is redeemed');
  });
});
