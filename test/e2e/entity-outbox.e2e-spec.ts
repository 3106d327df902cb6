import { Injectable } from '@nestjs/common';
import {
  CronTrigger,
  EntityTrigger,
  ManualTrigger,
  Task,
  TriggersService,
  Workflow,
  isTriggersError,
} from 'nestjs-triggers';
import type { EntityChange, ScheduleTick, TaskContext } from 'nestjs-triggers';
import { Column, DataSource, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { cleanUp } from '../support/app.js';
import { DIALECTS } from '../support/database.js';
import { openShop } from '../support/shop.js';
import type { Shop } from '../support/shop.js';
import { until } from '../support/until.js';

@Entity()
class Payment {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column()
  cents!: number;
}

let ran: unknown[] = [];
let writes: (data: { readonly cents: number }) => Promise<unknown> = () => Promise.resolve();

@Workflow({ name: 'receipt' })
class Receipt {
  @Task()
  async print({ data }: TaskContext<{ readonly cents: number }>) {
    ran.push(data);
    await writes(data);
  }
}

@Workflow({ name: 'nightly' })
class Nightly {
  @Task()
  run({ data }: TaskContext) {
    ran.push(data);
  }
}

@Injectable()
class Payments {
  @ManualTrigger({ workflow: 'receipt' })
  paid() {}

  @CronTrigger({ workflow: Nightly, cron: '0 0 1 1 *' })
  nightly(_tick: ScheduleTick) {}
}

@Injectable()
class Watcher {
  @EntityTrigger({ workflow: Receipt, entity: Payment, on: ['insert'] })
  booked({ after }: EntityChange<Payment, 'insert'>) {
    return { cents: after.cents };
  }
}

describe.each(DIALECTS)('fire(…, { manager }) on %s', (dialect) => {
  let shop: Shop;
  const open = async (providers: (new () => object)[]) => {
    const options = { outbox: { dataSources: [DataSource] } };
    shop = await openShop({
      database: dialect,
      entities: [Payment],
      providers: [Receipt, Nightly, ...providers],
      options,
    });
  };
  const firings = () => shop.app.database.query('SELECT * FROM triggers_firing ORDER BY id');

  beforeEach(() => {
    [ran, writes] = [[], () => Promise.resolve()];
  });
  afterEach(cleanUp);

  it('fires when the transaction commits, and once', async () => {
    await open([Payments]);
    const pending = await shop.source.transaction(async (manager) => {
      await manager.insert(Payment, { cents: 7 });
      const told = await shop.app.triggers.fire('paid', { cents: 7 }, { manager, initiatedBy: 'ada' });
      await shop.app.kit.drain();
      expect(ran).toEqual([]);
      return told;
    });
    expect(pending).toEqual({ status: 'pending', key: expect.stringMatching(/^outbox:/) });
    await shop.relayed();
    expect(ran).toEqual([{ cents: 7 }]);
    expect(await firings()).toMatchObject([{ state: 'accepted', initiated_by: 'ada' }]);
  });

  it('fires nothing when it is rolled back', async () => {
    await open([Payments]);
    const failed = shop.source.transaction(async (manager) => {
      await shop.app.triggers.fire('paid', { cents: 7 }, { manager });
      throw new RangeError('no money');
    });
    await expect(failed).rejects.toThrow('no money');
    await shop.source.transaction((manager) => shop.app.triggers.fire('paid', { cents: 8 }, { manager }));
    await shop.relayed();
    expect(ran).toEqual([{ cents: 8 }]);
  });

  it('fires a schedule as if it were fired by hand then, and any trigger with its own key and time', async () => {
    await open([Payments, Watcher]);
    const runAt = new Date(Date.now() + 3_600_000);
    await shop.source.transaction(async (manager) => {
      await shop.app.triggers.fire('nightly', undefined, { manager });
      await shop.app.triggers.fire('booked', { cents: 1 }, { manager, dedupKey: 'one', runAt });
    });
    await shop.relayed();
    expect(ran).toEqual([{ scheduledFor: expect.any(String) }]);
    const [, booked] = await firings();
    expect(booked).toMatchObject({ trigger: 'booked', dedup_label: 'one' });
    expect(new Date(booked!['scheduled_for'] as string)).toEqual(runAt);
  });

  it('refuses what no firing could have while the transaction can still be changed', async () => {
    await open([Payments]);
    const { triggers } = shop.app;
    const codes = await shop.source.transaction(async (manager) => {
      const codeOf = (refused: Promise<unknown>) =>
        refused.then(
          () => 'fired',
          (error: unknown) => isTriggersError(error) && error.code,
        );
      return [
        await codeOf(triggers.fire('paid', { cents: () => 7 }, { manager })),
        await codeOf(triggers.fire('paid', { cents: 7 }, { manager, runAt: new Date(Number.NaN) })),
        await codeOf(triggers.fire('paying', { cents: 7 }, { manager })),
      ];
    });
    expect(codes).toEqual(['TRG_CONTEXT_NOT_JSON', 'TRG_FIRE_OPTION', 'TRG_API_TRIGGER_NOT_FOUND']);
  });

  it('keeps a dead letter of what its trigger refuses later', async () => {
    await open([Payments]);
    await shop.app.triggers.setEnabled('paid', false);
    await shop.source.transaction((manager) => shop.app.triggers.fire('paid', { cents: 7 }, { manager }));
    await shop.relayed();
    const { items } = await shop.app.get('/dead-letters');
    expect(items).toMatchObject([{ trigger: 'paid', reason: expect.stringContaining('disabled') }]);
    await shop.app.triggers.setEnabled('paid', true);
    await shop.app.call('POST', `/dead-letters/${items[0].id}/replay`);
    await shop.app.kit.drain();
    expect(ran).toEqual([{ cents: 7 }]);
  });

  it('asks for an outbox where the DataSource has none', async () => {
    shop = await openShop({ database: dialect, entities: [Payment], providers: [Receipt, Nightly, Payments] });
    const fired = shop.source.transaction((manager) => shop.app.triggers.fire('paid', { cents: 7 }, { manager }));
    await expect(fired).rejects.toThrow(/has no outbox.*outbox: { dataSources: \[DataSource\] }/);
  });

  it.each<[string, () => Promise<unknown>]>([
    [
      'a transaction of a task writes',
      () => shop.source.transaction((manager) => manager.insert(Payment, { cents: 1 })),
    ],
    ['a task saves', () => shop.source.manager.save(Payment, { cents: 1 })],
    [
      'a task fires',
      () =>
        shop.source.transaction((manager) =>
          shop.app.nest.get(TriggersService).fire('booked', { cents: 1 }, { manager }),
        ),
    ],
  ])('knows the execution by which it is caused, so that a circle ends: %s', async (_what, write) => {
    await open([Watcher]);
    writes = write;
    await shop.source.manager.insert(Payment, { cents: 0 });
    const rows = await until(async () => {
      const all = await firings();
      return all.some(({ state }) => state === 'dead') && all;
    }, 'the circle ends');
    await shop.relayed();
    expect(rows.at(-1)).toMatchObject({ state: 'dead', reason: 'loop', depth: 17, caused_by: expect.any(String) });
    expect(rows.map(({ depth }) => Number(depth))).toEqual(Array.from({ length: 18 }, (_, depth) => depth));
  });
});
