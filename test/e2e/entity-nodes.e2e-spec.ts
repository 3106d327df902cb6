import { Injectable } from '@nestjs/common';
import { EntityTrigger, OnTriggers, Task, TriggersModule, Workflow } from 'nestjs-triggers';
import type { EntityChange, TaskContext } from 'nestjs-triggers';
import { TestClock } from 'nestjs-triggers/testing';
import { Entity, PrimaryColumn } from 'typeorm';
import { applicationDatabase } from '../support/application-database.js';
import { cleanUp } from '../support/app.js';
import { endAll, spawnChild } from '../support/child.js';
import { DIALECTS, newDatabase } from '../support/database.js';
import { openShop } from '../support/shop.js';
import { until } from '../support/until.js';

@Entity()
class Ticket {
  @PrimaryColumn()
  id!: number;
}

let sold: number[] = [];
let duplicates = 0;

@Workflow({ name: 'sale' })
class Sale {
  @Task()
  sell({ data }: TaskContext<{ readonly ticket: number }>) {
    sold.push(data.ticket);
  }
}

@Injectable()
class Tickets {
  @EntityTrigger({ workflow: Sale, entity: Ticket, on: ['insert'] })
  ticket({ after }: EntityChange<Ticket, 'insert'>) {
    return { ticket: after.id };
  }

  @OnTriggers('firing.duplicate')
  duplicate(): void {
    duplicates += 1;
  }
}

/** What a later version of the application watches. */
@Injectable()
class LaterTickets {
  @EntityTrigger({ workflow: Sale, entity: Ticket, on: ['insert', 'remove'] })
  ticket({ id }: EntityChange<Ticket, 'insert' | 'remove'>) {
    return { ticket: Number(id) };
  }
}

describe('two nodes on Postgres', () => {
  afterEach(cleanUp);

  it('fire each change once, whoever wrote it, also when one of them leaves', async () => {
    [sold, duplicates] = [[], 0];
    const database = await newDatabase('postgres');
    const open = (name: string) =>
      openShop({
        database,
        entities: [Ticket],
        providers: [Sale, Tickets],
        options: { node: { name } },
        typeorm: { synchronize: name === 'one' },
      });
    const one = await open('one');
    const two = await open('two');
    const write = async (from: number) => {
      for (let id = from; id < from + 100; id += 1)
        await Promise.all([one, two].map(({ source }, at) => source.manager.insert(Ticket, { id: id + at * 1_000 })));
    };
    await write(0);
    await write(100);
    await one.relayed();
    await one.app.close();
    await two.source.manager.insert(
      Ticket,
      Array.from({ length: 100 }, (_, n) => ({ id: 5_000 + n })),
    );
    await two.relayed();
    expect(new Set(sold).size).toBe(500);
    expect(sold).toHaveLength(500);
    expect(duplicates).toBe(0);
  });

  it('capture each change once while two versions of the application run, as the later one wants it', async () => {
    sold = [];
    const database = await newDatabase('postgres');
    const clock = new TestClock();
    const common = { database, entities: [Ticket], clock };
    const old = await openShop({ ...common, providers: [Sale, Tickets], options: { node: { name: 'old' } } });
    const later = await openShop({
      ...common,
      providers: [Sale, LaterTickets],
      module: ({ options }) => TriggersModule.forRoot({ database: options, roles: ['worker'] }),
      typeorm: { synchronize: false },
    });
    const write = async (id: number): Promise<unknown> => {
      await later.source.manager.insert(Ticket, { id });
      await later.source.manager.delete(Ticket, { id });
      return (await old.outbox()).slice(-3).map(({ operation }) => operation);
    };
    expect(await write(1)).toEqual(['insert', 'delete']);
    await clock.advance(61_000);
    await old.app.kit.drain();
    expect(await write(2)).toEqual(['insert', 'delete']);
  });

  it('make what captures once when they start at the same instant', async () => {
    const database = await newDatabase('postgres');
    const first = await openShop({ database, entities: [Ticket], providers: [Sale] });
    const started = await Promise.all(
      ['one', 'two', 'three'].map((name) =>
        openShop({
          database,
          entities: [Ticket],
          providers: [Sale, Tickets],
          options: { node: { name } },
          typeorm: { synchronize: false },
        }),
      ),
    );
    sold = [];
    await first.source.manager.insert(Ticket, { id: 1 });
    await started[0]!.relayed();
    await until(() => sold.length > 0, 'it is sold');
    expect(sold).toEqual([1]);
  });
});

describe.each(DIALECTS)('an application that is killed with -9 while it writes, on %s', (dialect) => {
  afterEach(endAll);

  it('fires what it has committed, each once, and nothing else', async () => {
    const database = await newDatabase(dialect);
    const own = applicationDatabase(database);
    const environment = { ...database.environment, APPLICATION: own.environment['DATABASE'] as string };
    for (const writes of [3, 17, 40, 8]) {
      const child = spawnChild('entities.mjs', { ...environment, WRITES: '1' });
      await child.says(`wrote${writes}`);
      child.kill('SIGKILL');
      await child.exit();
    }
    const last = spawnChild('entities.mjs', { ...environment, WRITES: '0' });
    await last.says('ready');
    await until(async () => (await own.query('SELECT id FROM triggers_outbox')).length === 0, 'the outbox is empty');
    last.kill('SIGKILL');
    await last.exit();
    const entries = (await own.query('SELECT id FROM entry ORDER BY id')).map(({ id }) => Number(id));
    const rows = await database.query(`SELECT context FROM triggers_firing WHERE state = 'accepted'`);
    const fired = rows.map(({ context }) => (JSON.parse(context as string) as { entry: number }).entry);
    expect(entries.length).toBeGreaterThan(60);
    expect(fired.sort((one, other) => one - other)).toEqual(entries);
  }, 90_000);
});
