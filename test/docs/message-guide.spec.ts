// The code of docs/guides/message-triggers.md, run against real brokers.
import { Injectable } from '@nestjs/common';
import type { INestApplication, Provider, Type } from '@nestjs/common';
import { Transport } from '@nestjs/microservices';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect as connectNats } from '@nats-io/transport-node';
import { connect as connectRabbit } from 'amqplib';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { isTriggersError, MessageTrigger, TriggersService } from 'nestjs-triggers';
import { boot, cleanUp } from '../support/app.js';
import type { TestApp } from '../support/app.js';
import { describeWithBroker } from '../support/brokers.js';
import { newDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { describeWithRedis, useRedis } from '../support/redis.js';
import { until } from '../support/until.js';
import { jetStream } from './messages/jetstream.js';
import { NatsOrders } from './messages/nats.js';
import { OrderTriggers, ReturnTriggers, Ship } from './messages/orders.js';
import { PaidOrders, RabbitOrders } from './messages/rabbit.js';

const PATIENCE_MS = 30_000;

let database: TestDatabase;

beforeEach(async () => {
  database = await newDatabase('sqlite');
});
afterEach(cleanUp);

async function shipped(): Promise<string[]> {
  const rows = await database.query(
    `SELECT f.context FROM triggers_execution e JOIN triggers_firing f ON f.id = e.firing_id WHERE e.workflow = 'ship'`,
  );
  return rows.map(({ context }) => (JSON.parse(String(context)) as { readonly order: string }).order).sort();
}

function orders(count: number): string[] {
  return Array.from({ length: count }, (_, n) => `order-${n}`).sort();
}

const untilShipped = (count: number): Promise<unknown> =>
  until(async () => (await shipped()).length >= count, `${count} orders are shipped`, PATIENCE_MS);

describeWithRedis('the message triggers of the guide', () => {
  const redis = useRedis();
  const { REDIS_URL } = process.env;
  beforeAll(() => (process.env['REDIS_URL'] = `redis://127.0.0.1:${redis().port}`));
  afterAll(() => {
    if (REDIS_URL === undefined) delete process.env['REDIS_URL'];
    else process.env['REDIS_URL'] = REDIS_URL;
  });

  it('start what it says', async () => {
    const client = new Redis(redis().port);
    const queue = new Queue('paid-orders', { connection: { port: redis().port } });
    try {
      await boot({ database, providers: [Ship, OrderTriggers, ReturnTriggers] });
      await queue.add('paid', { id: 'order-0', total: 20 });
      await queue.add('paid', { id: 'order-x', total: 0 });
      await client.xadd('returns', '*', 'data', JSON.stringify({ order: 'order-1' }));
      await untilShipped(2);
      expect(await shipped()).toEqual(orders(2));
      const states = await database.query(`SELECT reason FROM triggers_firing WHERE state = 'filtered'`);
      expect(states).toEqual([{ reason: 'nothing was paid' }]);
    } finally {
      await queue.close();
      client.disconnect();
    }
  });
});

function listening(controller: Type, microservice: object): Promise<TestApp> {
  return boot({
    database,
    providers: [Ship, PaidOrders],
    controllers: [controller],
    prepare: (nest: INestApplication) => void nest.connectMicroservice(microservice),
  });
}

describeWithBroker('RabbitMQ', 'the recipe for RabbitMQ', (rabbit) => {
  it('ships each order once, although it is sent twice and the broker crashes', async () => {
    const options = {
      urls: [rabbit().url],
      queue: 'orders',
      noAck: false,
      prefetchCount: 50,
      queueOptions: { durable: true },
      socketOptions: { reconnectTimeInSeconds: 1 },
    };
    const app = await listening(RabbitOrders, { transport: Transport.RMQ, options });
    await app.nest.startAllMicroservices();
    const send = async (ids: readonly string[]): Promise<void> => {
      const connection = await connectRabbit(rabbit().url);
      connection.on('error', () => undefined);
      const channel = await connection.createConfirmChannel();
      await channel.assertQueue('orders', { durable: true });
      for (const messageId of ids) {
        const content = Buffer.from(JSON.stringify({ pattern: 'order.paid', data: { order: messageId } }));
        channel.sendToQueue('orders', content, { persistent: true, messageId });
      }
      await channel.waitForConfirms();
      await connection.close();
    };
    await send([...orders(60), ...orders(30)]);
    await until(async () => (await shipped()).length > 10, 'it is in the middle of them', PATIENCE_MS);
    await rabbit().crash();
    await send(orders(100));
    await untilShipped(100);
    expect(await shipped()).toEqual(orders(100));
    await app.close();
    const connection = await connectRabbit(rabbit().url);
    const channel = await connection.createChannel();
    expect(await channel.checkQueue('orders')).toMatchObject({ messageCount: 0 });
    await connection.close();
  }, 60_000);

  it('leaves with the broker what comes while the trigger is disabled, and drops what the input refuses', async () => {
    const options = { urls: [rabbit().url], queue: 'kept', noAck: false, queueOptions: { durable: true } };
    const app = await listening(RabbitOrders, { transport: Transport.RMQ, options });
    await app.nest.startAllMicroservices();
    const triggers = app.nest.get(TriggersService);
    await triggers.setEnabled('paid_order', false);
    const fire = jest.spyOn(triggers, 'fire');
    const connection = await connectRabbit(rabbit().url);
    connection.on('error', () => undefined);
    const channel = await connection.createConfirmChannel();
    for (const [messageId, data] of Object.entries({ a: { order: 'order-0' }, b: { order: 7 } }))
      channel.sendToQueue('kept', Buffer.from(JSON.stringify({ pattern: 'order.paid', data })), { messageId });
    await channel.waitForConfirms();
    await until(() => fire.mock.calls.length >= 2, 'both were tried', PATIENCE_MS);
    await triggers.setEnabled('paid_order', true);
    await untilShipped(1);
    expect(await shipped()).toEqual(['order-0']);
    // The other one may still be on its way back to the queue.
    const isRefused = async (): Promise<boolean> =>
      (await Promise.allSettled(fire.mock.results.map(({ value }) => value as Promise<unknown>))).some(
        (tried) => tried.status === 'rejected' && isTriggersError(tried.reason) && tried.reason.family === 'context',
      );
    await until(isRefused, 'the input has refused the other', PATIENCE_MS);
    await app.close();
    expect(await channel.checkQueue('kept')).toMatchObject({ messageCount: 0 });
    await connection.close();
  }, 60_000);
});

describeWithBroker('NATS', 'the recipes for NATS', (nats) => {
  it('ship what is sent while they listen', async () => {
    const app = await listening(NatsOrders, { transport: Transport.NATS, options: { servers: [nats().url] } });
    await app.nest.startAllMicroservices();
    const connection = await connectNats({ servers: nats().url });
    for (const order of [...orders(20), ...orders(20)])
      connection.publish('order.paid', JSON.stringify({ pattern: 'order.paid', data: { order } }));
    await connection.flush();
    await untilShipped(20);
    expect(await shipped()).toEqual(orders(20));
    await connection.close();
  });

  it('ship each message of JetStream once by a source of one’s own, although the broker crashes', async () => {
    const connection = await connectNats({ servers: nats().url, maxReconnectAttempts: -1 });
    const manager = await jetstreamManager(connection);
    await manager.streams.add({ name: 'ORDERS', subjects: ['orders.>'] });
    await manager.consumers.add('ORDERS', {
      durable_name: 'shipping',
      ack_policy: 'explicit',
      ack_wait: 2_000_000_000,
    });
    const from = jetStream({ servers: nats().url, stream: 'ORDERS', consumer: 'shipping' });
    const app = await boot({ database, providers: [Ship, triggerOf(from)] });
    const stream = manager.jetstream();
    for (const order of orders(100).slice(0, 60)) await stream.publish('orders.paid', JSON.stringify({ order }));
    await until(async () => (await shipped()).length > 10, 'it is in the middle of them', PATIENCE_MS);
    await nats().crash();
    await until(
      () =>
        stream.publish('orders.paid', JSON.stringify({ order: 'order-99' }), { msgID: '99' }).then(
          () => true,
          () => false,
        ),
      'the broker is back',
    );
    for (const order of orders(100).slice(60, 99)) await stream.publish('orders.paid', JSON.stringify({ order }));
    await untilShipped(100);
    await until(
      async () => {
        const { num_ack_pending, num_pending } = await manager.consumers.info('ORDERS', 'shipping');
        return num_ack_pending + num_pending === 0;
      },
      'every message is acknowledged',
      45_000,
    );
    expect(await shipped()).toEqual(orders(100));
    await app.close();
    await connection.close();
  }, 90_000);
});

function triggerOf(from: ReturnType<typeof jetStream>): Provider {
  @Injectable()
  class JetStreamOrders {
    @MessageTrigger({ workflow: Ship, name: 'jetstream_orders', from })
    paid(): void {}
  }
  return JetStreamOrders;
}
