import { Injectable } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import { MessageTrigger, Task, Workflow } from 'nestjs-triggers';
import type { Message, TaskContext } from 'nestjs-triggers';
import { PostgresServer } from '../../bench/harness/postgres.js';
import { boot, cleanUp, logged } from '../support/app.js';
import type { TestApp } from '../support/app.js';
import { endAll, spawnChild } from '../support/child.js';
import type { Child } from '../support/child.js';
import { DIALECTS, newDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { ADAPTERS, TestBroker } from '../support/messages.js';
import type { Adapter } from '../support/messages.js';
import { Proxy } from '../support/proxy.js';
import { describeWithRedis, useRedis } from '../support/redis.js';
import { until } from '../support/until.js';

const PATIENCE_MS = 45_000;

interface Numbered {
  readonly n: number;
}

@Workflow({ name: 'count' })
class Count {
  @Task()
  only(_context: TaskContext<Numbered>): void {}
}

/** What the method does with a number. */
let map: (n: number) => void;
/** Which process took which numbers. */
let took: { readonly by: string; readonly n: number }[];

function numbersFrom(broker: TestBroker, by = 'one'): Type {
  @Injectable()
  class Numbers {
    @MessageTrigger({ workflow: Count, name: 'numbers', from: broker.source(), redeliverAfter: '20ms', prefetch: 20 })
    take({ body }: Message<Numbered>): Numbered {
      took.push({ by, n: body.n });
      map(body.n);
      return { n: body.n };
    }
  }
  return Numbers;
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n);
}

describeWithRedis('messages of real brokers', () => {
  const redis = useRedis();
  let broker: TestBroker;
  let database: TestDatabase;

  beforeEach(() => {
    [map, took] = [() => undefined, []];
  });
  afterEach(async () => {
    await endAll();
    broker.close();
  });

  const newBroker = (adapter: Adapter, url = `redis://127.0.0.1:${redis().port}`): TestBroker =>
    (broker = new TestBroker(adapter, url));
  const app = (by?: string, options = {}): Promise<TestApp> =>
    boot({ database, providers: [Count, numbersFrom(broker, by)], options });
  const executed = async (): Promise<number[]> => {
    const rows = await database.query(
      `SELECT f.context FROM triggers_execution e JOIN triggers_firing f ON f.id = e.firing_id WHERE f.trigger = 'numbers'`,
    );
    return rows.map(({ context }) => (JSON.parse(String(context)) as Numbered).n).sort((a, b) => a - b);
  };
  const untilTaken = (count: number): Promise<unknown> =>
    until(
      async () => (await executed()).length >= count && (await broker.left()) === 0,
      `${count} executions were started and every message is acknowledged`,
      PATIENCE_MS,
    );
  /** Each number in a message of its own, ten at a time, while things happen. */
  const sending = async (count: number): Promise<void> => {
    for (let sent = 0; sent < count; sent += 10) await broker.send(upTo(10).map((n) => n + sent));
  };

  describe.each(ADAPTERS)('of %s', (adapter) => {
    describe.each(DIALECTS)('on %s', (dialect) => {
      beforeEach(async () => {
        database = await newDatabase(dialect);
        newBroker(adapter);
      });

      it('start one execution each, although the broker is killed under load and comes back', async () => {
        const one = await app();
        await broker.send(upTo(10));
        await until(() => took.length >= 10, 'the first are taken');
        const sent = sending(400);
        await until(() => took.length > 60, 'it is in the middle of them');
        await redis().kill();
        await redis().revive({ empty: false });
        await sent;
        await untilTaken(400);
        expect(await executed()).toEqual(upTo(400));
        expect(logged.filter((line) => line.includes('hears nothing from'))).toHaveLength(1);
        expect(logged.filter((line) => line.includes('" again after'))).toHaveLength(1);
        await until(async () => (await one.get('/numbers')).state === 'active', 'the trigger is active again');
      });

      it('become dead letters with the fifth delivery that fails, and hold up no others', async () => {
        map = (n) => {
          if (n % 10 === 3) throw new Error(`no ${n}`);
        };
        const one = await app();
        await broker.send(upTo(40));
        await until(async () => (await one.get('/dead-letters')).items.length === 4, 'four are dead letters');
        await untilTaken(36);
        expect(took.filter(({ n }) => n === 13)).toHaveLength(5);
        expect((await executed()).filter((n) => n % 10 === 3)).toEqual([]);
        expect(await database.query('SELECT * FROM triggers_delivery')).toEqual([]);
      });

      it('are neither lost nor started twice when the application stops under load and starts again', async () => {
        const one = await app();
        const sent = sending(300);
        await until(() => took.length > 40, 'it is in the middle of them');
        await one.close();
        await sent;
        await app('two');
        await untilTaken(300);
        expect(await executed()).toEqual(upTo(300));
      });

      it.each([
        ['firing:commit', 40],
        ['commit:committed', 12],
        ['firing:committed', 40],
      ])(
        'start one execution each, although the process is killed with -9 at %s',
        async (point, nth) => {
          const { name, url } = broker;
          const start = (more: Record<string, string> = {}): Child =>
            spawnChild('messages.mjs', { ...database.environment, ADAPTER: adapter, BROKER: url, NAME: name, ...more });
          const dying = start({ CRASH: point, NTH: String(nth) });
          await dying.says('ready');
          await sending(200);
          expect(await dying.exit()).toMatchObject({ signal: 'SIGKILL' });
          start();
          await untilTaken(200);
          expect(await executed()).toEqual(upTo(200));
        },
        60_000,
      );
    });

    it('go to one of several nodes each', async () => {
      database = await newDatabase('postgres');
      newBroker(adapter);
      await Promise.all(['one', 'two'].map((by) => app(by, { node: { name: by } })));
      await sending(300);
      await untilTaken(300);
      expect(await executed()).toEqual(upTo(300));
      expect(new Set(took.map(({ by }) => by))).toEqual(new Set(['one', 'two']));
    });

    it('wait with the broker while Postgres is away, and none is counted', async () => {
      const server = await PostgresServer.start();
      const proxy = await Proxy.to(server.url);
      try {
        database = await newDatabase('postgres', server.url);
        newBroker(adapter);
        const through = { ...database, options: { ...database.options, url: proxy.url } as typeof database.options };
        await boot({ database: through, providers: [Count, numbersFrom(broker)] });
        const sent = sending(200);
        await until(() => took.length > 20, 'it is in the middle of them');
        proxy.cut();
        await until(() => logged.some((line) => line.includes('The database does not answer')), 'the database is away');
        await sent;
        const before = took.length;
        await server.crash();
        expect(took.length).toBeLessThanOrEqual(before + 20);
        proxy.mend();
        await untilTaken(200);
        expect(await executed()).toEqual(upTo(200));
        expect(await database.query('SELECT * FROM triggers_delivery')).toEqual([]);
        expect(await database.query(`SELECT id FROM triggers_firing WHERE state <> 'accepted'`)).toEqual([]);
      } finally {
        await cleanUp();
        proxy.close();
        await server.stop();
      }
    }, 60_000);
  });
});
