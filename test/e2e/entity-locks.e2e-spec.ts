import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Injectable } from '@nestjs/common';
import Sqlite from 'better-sqlite3';
import { EntityTrigger, Task, Workflow } from 'nestjs-triggers';
import type { EntityChange, TaskContext } from 'nestjs-triggers';
import { Entity, PrimaryColumn } from 'typeorm';
import { applicationDatabase, openDataSource } from '../support/application-database.js';
import { cleanUp, logged } from '../support/app.js';
import { newDatabase } from '../support/database.js';
import { openShop } from '../support/shop.js';
import { until } from '../support/until.js';

@Entity()
class Seat {
  @PrimaryColumn()
  id!: number;
}

let booked: number[] = [];

@Workflow({ name: 'book' })
class Book {
  @Task()
  book({ data }: TaskContext<{ readonly seat: number }>) {
    booked.push(data.seat);
  }
}

@Injectable()
class Seats {
  @EntityTrigger({ workflow: Book, entity: Seat, on: ['insert'] })
  seat({ after }: EntityChange<Seat, 'insert'>) {
    return { seat: after.id };
  }
}

/** Lets everything else of this process have its turn, for a second. */
async function turnsOfOneSecond(): Promise<void> {
  for (const end = performance.now() + 1_000; performance.now() < end;)
    await new Promise((resolve) => setImmediate(resolve));
}

const providers = [Book, Seats];
beforeEach(() => (booked = []));
afterEach(cleanUp);

it.each(['EXCLUSIVE', 'IMMEDIATE'])(
  'a process that keeps the SQLite file of the application (%s) does not stop the event loop, and costs no change',
  async (kind) => {
    const shop = await openShop({ database: 'sqlite', entities: [Seat], providers });
    const other = new Sqlite(shop.own.options.type === 'sqlite' ? shop.own.options.path! : '');
    await shop.source.manager.insert(Seat, [{ id: 1 }, { id: 2 }]);
    other.exec(`BEGIN ${kind}`);
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    await turnsOfOneSecond();
    delay.disable();
    other.exec('COMMIT');
    other.close();
    await shop.relayed();
    await shop.app.ended(2);
    expect(booked.sort()).toEqual([1, 2]);
    // Who waits for SQLite's lock waits for five seconds, and everything of its process with it.
    expect(delay.max / 1e6).toBeLessThan(1_000);
    expect(logged.filter((line) => line.includes('fired later'))).toEqual([]);
  },
);

it('a transaction that has the table on Postgres is waited for by a start, and fails neither', async () => {
  const database = await newDatabase('postgres');
  const writer = await openDataSource(applicationDatabase(database), [Seat]);
  const runner = writer.createQueryRunner();
  await runner.startTransaction();
  await runner.manager.insert(Seat, { id: 1 });
  const started = openShop({ database, entities: [Seat], providers, typeorm: { synchronize: false } });
  const waiting = `SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'seat'::regclass`;
  await until(async () => (await database.query(waiting)).length > 0, 'the start waits for the table');
  await until(async () => (await database.query(waiting)).length === 0, 'it lets others have their turn');
  // Nobody who comes now stands behind us for longer.
  await writer.manager.insert(Seat, { id: 2 });
  await runner.manager.insert(Seat, { id: 3 });
  await runner.commitTransaction();
  await runner.release();
  const shop = await started;
  await writer.manager.insert(Seat, { id: 4 });
  await shop.relayed();
  await until(() => booked.length > 0, 'what was captured is booked');
  expect(booked).toEqual([4]);
  await writer.destroy();
}, 60_000);
