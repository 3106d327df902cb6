import { Injectable } from '@nestjs/common';
import { Task, WebhookTrigger, Workflow, WorkflowTrigger, hmac } from 'nestjs-triggers';
import type { TaskContext, WebhookEvent } from 'nestjs-triggers';
import { PLATFORMS, boot, cleanUp } from '../support/app.js';
import type { TestApp } from '../support/app.js';
import { newDatabase } from '../support/database.js';
import { gate } from '../support/gate.js';
import type { Gate } from '../support/gate.js';
import { until } from '../support/until.js';
import { SECRET, SIGNATURE, deliver } from '../support/webhooks.js';

const ORDERS = 24;
const LIMIT = 7;

/** The bodies of each node have an instance of their own. */
let working: Set<Order>;
let bothWork: Gate<void>;
let broken: boolean;
let booked: number[];

@Workflow({ name: 'order' })
class Order {
  @Task({ retry: { attempts: 1 } })
  async check({ data }: TaskContext<{ n: number }>) {
    if (working.add(this).size === 2) bothWork.open();
    await bothWork.opened;
    if (data.n % 3 === 0) throw new Error('out of stock');
  }
}

@Workflow({ name: 'ship' })
class Ship {
  @Task()
  pack(_context: TaskContext): void {}
}

@Workflow({ name: 'note' })
class Note {
  @Task()
  write(_context: TaskContext): void {}
}

@Workflow({ name: 'book' })
class Book {
  @Task({ retry: { attempts: 1 } })
  write({ data }: TaskContext<{ n: number }>): void {
    if (broken) throw new Error('the ledger is closed');
    booked.push(data.n);
  }
}

const verify = hmac({ header: SIGNATURE, secret: SECRET });

@Injectable()
class Triggers {
  @WorkflowTrigger({ workflow: Order, on: 'completed', start: [Ship, Note] })
  ordered(): void {}

  @WorkflowTrigger({ workflow: Order, on: ['failed', 'cancelled'], start: Note })
  refused(): void {}

  @WebhookTrigger({ workflow: Ship, path: 'limited', verify, rateLimit: { limit: LIMIT, per: '1h' } })
  limited(): void {}

  @WebhookTrigger({ workflow: Book, path: 'bookings', verify, onInvalid: 'keep' })
  bookings({ payload }: WebhookEvent<{ n: number }>) {
    if (broken && payload.n % 2 === 0) throw new Error('the mapping is broken');
    return payload;
  }
}

const numbers = Array.from({ length: ORDERS }, (_, n) => n);

describe('two nodes on one Postgres', () => {
  let nodes: [TestApp, TestApp];

  beforeEach(async () => {
    [working, bothWork, broken, booked] = [new Set(), gate(), false, []];
    const database = await newDatabase('postgres');
    const [express, fastify] = PLATFORMS;
    // With one slot each, neither node can do the work of both.
    const options = { worker: { concurrency: 1 } };
    const providers = [Order, Ship, Note, Book, Triggers];
    nodes = [
      await boot({ database, platform: express, providers, options }),
      await boot({ database, platform: fastify, providers, options }),
    ];
  });
  afterEach(cleanUp);

  const at = (n: number): TestApp => nodes[n % 2] as TestApp;
  const rows = (sql: string) => nodes[0].database.query(sql);

  it('start what follows an execution once, whichever of them ends it and however', async () => {
    const started = await Promise.all(
      numbers.map(async (n) => {
        const { body } = await at(n).call('POST', '/workflows/order/run', { context: { n } });
        return body.executionIds[0] as string;
      }),
    );
    await bothWork.opened;
    // Who cancels an execution that waits ends it: here both at once.
    const unwanted = started.slice(-4);
    await Promise.all(unwanted.flatMap((id) => nodes.map((node) => node.call('POST', `/executions/${id}/cancel`))));
    await until(async () => {
      const ended = await rows(
        `SELECT id FROM triggers_execution WHERE workflow = 'order' AND finished_at IS NOT NULL`,
      );
      return ended.length === ORDERS && (await rows('SELECT id FROM triggers_follow_up')).length === 0;
    }, 'every order has ended and was followed');
    const followed = await rows(`SELECT caused_by AS id, e.state AS state, f.trigger AS by, f.state AS firing,
        (SELECT count(*) FROM triggers_execution x WHERE x.firing_id = f.id)::int AS executions
      FROM triggers_firing f LEFT JOIN triggers_execution e ON e.id = f.caused_by WHERE f.kind = 'workflow'`);
    const orders = await rows(`SELECT id, state FROM triggers_execution WHERE workflow = 'order'`);
    const expected = orders.map(({ id, state }) => {
      const [by, executions] = state === 'completed' ? ['ordered', 2] : ['refused', 1];
      return { id, state, by, firing: 'accepted', executions };
    });
    expect(followed).toHaveLength(ORDERS);
    expect(followed).toEqual(expect.arrayContaining(expected));
    expect(new Set(orders.map(({ state }) => state))).toEqual(new Set(['completed', 'failed', 'cancelled']));
  });

  it('share the rate limit of a trigger', async () => {
    const answers = await Promise.all(numbers.map((n) => deliver(at(n), 'limited', { n })));
    const count = (wanted: number) => answers.filter(({ status }) => status === wanted).length;
    expect({ accepted: count(200), limited: count(429) }).toEqual({ accepted: LIMIT, limited: ORDERS - LIMIT });
    expect(await rows(`SELECT id FROM triggers_execution WHERE workflow = 'ship'`)).toHaveLength(LIMIT);
  });

  it('replay each dead letter once where both are asked for all of them at once', async () => {
    broken = true;
    for (const n of numbers) await deliver(at(n), 'bookings', { n });
    const failed = await nodes[0].ended(ORDERS / 2);
    expect(failed.every(({ state }) => state === 'failed')).toBe(true);
    expect((await nodes[0].get('/dead-letters')).items).toHaveLength(ORDERS);
    broken = false;
    const bulks = await Promise.all(nodes.map((node) => node.call('POST', '/dead-letters/replay', {})));
    expect(bulks.map(({ status }) => status)).toEqual([200, 200]);
    const results = bulks.flatMap(({ body }) => body.results as { id: string; status: string; firingId: string }[]);
    const accepted = results.filter(({ status }) => status === 'accepted');
    expect(accepted).toHaveLength(ORDERS);
    const firingOf = new Map(accepted.map(({ id, firingId }) => [id, firingId]));
    expect(firingOf.size).toBe(ORDERS);
    for (const { id, status, firingId } of results) {
      expect(['accepted', 'duplicate']).toContain(status);
      expect(firingId).toBe(firingOf.get(id));
    }
    await nodes[0].ended(ORDERS + ORDERS / 2);
    expect(booked.sort((a, b) => a - b)).toEqual(numbers);
    expect((await nodes[1].get('/dead-letters')).items).toEqual([]);
  });
});
