import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Injectable } from '@nestjs/common';
import { EntityTrigger, Task, TriggerResult, Workflow } from 'nestjs-triggers';
import type { EntityChange, TaskContext } from 'nestjs-triggers';
import { TestClock } from 'nestjs-triggers/testing';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { cleanUp, logged } from '../support/app.js';
import { DIALECTS } from '../support/database.js';
import { openShop } from '../support/shop.js';
import type { Shop } from '../support/shop.js';
import { until } from '../support/until.js';

@Entity()
class Order {
  @PrimaryColumn()
  id!: number;

  @Column({ type: 'text', default: '' })
  note!: string;

  @Column({ default: 0 })
  visits!: number;
}

let map: (change: EntityChange<Order>) => object | undefined = () => undefined;
let delivered: number[] = [];

@Workflow({ name: 'delivery' })
class Delivery {
  @Task()
  deliver({ data }: TaskContext<{ readonly order: number }>) {
    delivered.push(data.order);
  }
}

@Injectable()
class Orders {
  @EntityTrigger({
    workflow: 'delivery',
    entity: Order,
    on: ['insert', 'update'],
    filter: ({ order }) => {
      if (order === 13) throw new RangeError('13 again');
      return order !== 12;
    },
  })
  ordered(change: EntityChange<Order, 'insert' | 'update'>): object {
    return map(change) ?? { order: change.after.id };
  }

  @EntityTrigger({
    workflow: 'delivery',
    entity: Order,
    on: ['update'],
    when: async ({ after }) => {
      if (after.visits === 99) throw new RangeError('too many');
      return after.visits === 98;
    },
  })
  visited({ after }: EntityChange<Order, 'update'>): object {
    return { order: 1_000 + after.id };
  }

  @EntityTrigger({ workflow: 'delivery', entity: Order, on: ['remove'], whenDisabled: 'reject' })
  dropping(): void {}
}

/** Lets everything else of this process have its turn, as whoever waits for a network does. */
async function turnsOfTheLoop(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe.each(DIALECTS)('the relay of entity triggers on %s', (dialect) => {
  let shop: Shop;
  const insert = (...ids: number[]) =>
    shop.source.manager.insert(
      Order,
      ids.map((id) => ({ id })),
    );
  const all = () => [...delivered].sort((one, other) => one - other);
  const letters = async () => (await shop.app.get('/dead-letters')).items;

  beforeEach(async () => {
    [map, delivered] = [() => undefined, []];
    shop = await openShop({ database: dialect, entities: [Order], providers: [Delivery, Orders] });
  });
  afterEach(cleanUp);

  it('fires in the order of the writes, each once', async () => {
    for (let at = 0; at < 5; at += 1) await insert(...Array.from({ length: 100 }, (_, n) => at * 100 + n + 100));
    await shop.relayed();
    const rows = await shop.app.database.query('SELECT context FROM triggers_firing ORDER BY id');
    const fired = rows.map(({ context }) => (JSON.parse(context as string) as { order: number }).order);
    expect(fired).toEqual(Array.from({ length: 500 }, (_, n) => n + 100));
    expect(new Set(delivered).size).toBe(500);
  });

  it('keeps a dead letter of a change that the method fails on, and goes on with the others', async () => {
    map = ({ after }) => {
      if (after?.id === 2) throw new RangeError('no such street');
      return undefined;
    };
    await insert(1, 2, 3);
    await shop.relayed();
    expect(all()).toEqual([1, 3]);
    const [letter] = await letters();
    expect(letter).toMatchObject({ trigger: 'ordered', reason: 'Orders.ordered failed: no such street' });
    expect(JSON.parse((await shop.app.get(`/dead-letters/${letter.id}`)).payload)).toMatchObject({
      operation: 'insert',
      before: null,
      after: { id: 2, note: '', visits: 0 },
    });
  });

  it('waits for what "when" says, and keeps a dead letter of a change that it fails on', async () => {
    await insert(1);
    for (const visits of [97, 98, 99]) await shop.source.manager.update(Order, { id: 1 }, { visits });
    await shop.relayed();
    expect(all()).toEqual([1, 1, 1, 1, 1_001]);
    expect(await letters()).toMatchObject([{ trigger: 'visited', reason: 'Orders.visited failed: too many' }]);
  });

  it('fires a dead letter again when it is replayed, as it was or mended', async () => {
    map = () => {
      throw new RangeError('not now');
    };
    await insert(1, 2);
    await shop.relayed();
    map = () => undefined;
    const [second, first] = await letters();
    const replayed = await shop.app.call('POST', `/dead-letters/${first.id}/replay`);
    const mended = await shop.app.call('POST', `/dead-letters/${second.id}/replay`, {
      payload: { operation: 'insert', before: null, after: { id: 20 }, changedAt: new Date().toISOString() },
    });
    const wrong = await shop.app.call('POST', `/dead-letters/${first.id}/replay`, { payload: { operation: 'insert' } });
    await shop.app.kit.drain();
    expect([replayed.status, replayed.body.status, mended.body.status]).toEqual([202, 'accepted', 'accepted']);
    expect(wrong.body.status).toBe('duplicate');
    expect(all()).toEqual([1, 20]);
    expect(await letters()).toEqual([]);
  });

  it.each([
    [
      'a row that is too large to be fired',
      () => shop.source.manager.insert(Order, { id: 4, note: 'x'.repeat(1_100_000) }),
      /at most 1048576/,
    ],
    ['what the filter fails on', () => insert(13), /the filter threw: 13 again/],
  ])('keeps a dead letter of %s', async (_what, write, reason) => {
    map = ({ after }) => ({ order: after?.id, note: after?.note });
    await write();
    await insert(5);
    await shop.relayed();
    expect(all()).toEqual([5]);
    expect((await letters()).map((letter: { reason: string }) => letter.reason)).toEqual([
      expect.stringMatching(reason),
    ]);
  });

  it('keeps a record of what the method skips and of what the filter refuses', async () => {
    map = ({ after }) => (after?.id === 6 ? TriggerResult.skip('six') : undefined);
    await insert(6, 12, 7);
    await shop.relayed();
    expect(all()).toEqual([7]);
    const rows = await shop.app.database.query(
      `SELECT reason FROM triggers_firing WHERE state = 'filtered' ORDER BY id`,
    );
    expect(rows.map(({ reason }) => reason)).toEqual(['six', 'filter']);
  });

  it('fires several things of one change, and the bad ones of them are dead letters', async () => {
    map = () =>
      TriggerResult.fireMany([{ context: { order: 1 } }, { context: { order: 13 } }, { context: { order: 2 } }]);
    await insert(9);
    await shop.relayed();
    expect(all()).toEqual([1, 2]);
    expect(await letters()).toHaveLength(1);
  });

  it('holds changes while the trigger is disabled, and releases them in their order', async () => {
    await shop.app.triggers.setEnabled('ordered', false);
    await insert(1, 2, 3);
    await shop.relayed();
    expect(all()).toEqual([]);
    await shop.app.triggers.setEnabled('ordered', true);
    await until(() => delivered.length === 3, 'what was held is delivered');
    expect(all()).toEqual([1, 2, 3]);
  });

  it('drops changes while the trigger is disabled, where it says so', async () => {
    await shop.app.triggers.setEnabled('dropping', false);
    await shop.source.manager.insert(Order, { id: 1, visits: 7 });
    await shop.source.manager.delete(Order, { id: 1 });
    await shop.relayed();
    await shop.app.triggers.setEnabled('dropping', true);
    await shop.app.kit.drain();
    expect((await shop.app.get('/dropping/firings')).items).toEqual([]);
  });

  it('is drained by the test kit, whatever its clock says', async () => {
    const clock = new TestClock();
    const still = await openShop({ database: dialect, entities: [Order], providers: [Delivery, Orders], clock });
    await still.source.manager.insert(Order, [{ id: 1 }, { id: 2 }]);
    await still.app.kit.drain();
    expect(all()).toEqual([1, 2]);
  });

  it('fires nothing twice when rows come again after they were fired', async () => {
    await insert(1);
    const rows = await until(async () => (await shop.outbox()).length === 0 && delivered.length > 0, 'it is fired');
    expect(rows).toBe(true);
    await shop.app.kit.drain();
    await shop.app.triggers.stop();
    await insert(2);
    await shop.own.query('CREATE TABLE backup AS SELECT * FROM triggers_outbox');
    await shop.app.triggers.start();
    await shop.relayed();
    const asTheyWere = dialect === 'postgres' ? 'OVERRIDING SYSTEM VALUE' : '';
    await shop.own.query(`INSERT INTO triggers_outbox ${asTheyWere} SELECT * FROM backup`);
    expect(await shop.own.query('SELECT * FROM backup')).toHaveLength(1);
    await shop.relayed();
    expect(all()).toEqual([1, 2]);
  });

  it('waits for a long transaction of the application without failing it, and without blocking', async () => {
    await insert(1, 2, 3);
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    await shop.source.transaction(async (manager) => {
      for (let id = 100; id < 130; id += 1) {
        await manager.insert(Order, { id });
        await turnsOfTheLoop(500);
      }
      await manager.update(Order, { id: 1 }, { visits: 1 });
    });
    delay.disable();
    await shop.relayed();
    expect(delivered).toHaveLength(34);
    expect(delay.max / 1e6).toBeLessThan(1_000);
    expect(logged.filter((line) => line.includes('fired later'))).toEqual([]);
  });

  it('fails no write and no transaction of an application that is busy', async () => {
    const failures: unknown[] = [];
    for (let at = 0; at < 200; at += 1) {
      const id = 1_000 + at;
      const write =
        at % 4 === 0
          ? shop.source.transaction(async (manager) => {
              await manager.insert(Order, { id });
              await manager.findBy(Order, { id });
              await manager.update(Order, { id }, { visits: 1 });
            })
          : insert(id);
      await write.catch((error: unknown) => failures.push(error));
      if (at % 10 === 0) await turnsOfTheLoop(1);
    }
    await shop.relayed();
    expect(failures).toEqual([]);
    expect(new Set(delivered).size).toBe(200);
    expect(delivered).toHaveLength(250);
  });
});
