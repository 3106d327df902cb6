import { Body, Controller, Headers, HttpCode, Inject, Injectable, Post, UnauthorizedException } from '@nestjs/common';
import { UseGuards, ValidationPipe } from '@nestjs/common';
import type { CanActivate, ExecutionContext, RawBodyRequest } from '@nestjs/common';
import { Queue, Worker } from 'bullmq';
import { CONCURRENCY } from '../../harness/app.js';
import { Countdown } from '../../harness/countdown.js';
import { Order, isSigned } from '../signed-order.js';
import { listen } from './server.js';
import type { Server } from './server.js';

const TOLERANCE_S = 300;

interface Incoming {
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** The signature, over the raw body with the signed id and time, before anything is believed. */
@Injectable()
class Signed implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers, rawBody } = context.switchToHttp().getRequest<RawBodyRequest<Incoming>>();
    const { 'webhook-id': id = '', 'webhook-timestamp': time = '', 'webhook-signature': signature = '' } = headers;
    const isFresh = Math.abs(Date.now() / 1_000 - Number(time)) <= TOLERANCE_S;
    if (isFresh && rawBody !== undefined && isSigned({ id, time }, rawBody, signature)) return true;
    throw new UnauthorizedException();
  }
}

const validated = new ValidationPipe();
/** As long as what we answer. */
const answerTo = (id: string): object => ({ status: 'accepted', firingId: id, executionIds: [id], dedupKey: id });

/** A handler that verifies, validates and answers, and does nothing else. */
export async function startAnswering(): Promise<Server> {
  @Controller('webhooks')
  @UseGuards(Signed)
  class Answering {
    @Post('orders')
    @HttpCode(200)
    receive(@Headers('webhook-id') id: string, @Body(validated) _order: Order): object {
      return answerTo(id);
    }
  }
  const { app, port } = await listen({ controllers: [Answering], providers: [Signed] });
  return { port, done: async () => undefined, close: () => app.close() };
}

/**
 * The same handler, which adds a job under the sender's id before it answers. Ended jobs stay, since a job that is gone keeps no
 * repeat away.
 *
 * @param works whether the same process runs the jobs, too
 */
export async function startAdding(redis: number, works: boolean): Promise<Server> {
  const connection = { host: '127.0.0.1', port: redis, maxRetriesPerRequest: null };
  const name = works ? 'orders' : 'orders-for-later';
  const queue = new Queue(name, { connection });

  @Controller('webhooks')
  @UseGuards(Signed)
  class Adding {
    constructor(@Inject(Queue) private readonly jobs: Queue) {}

    @Post('orders')
    @HttpCode(200)
    async receive(@Headers('webhook-id') id: string, @Body(validated) order: Order): Promise<object> {
      await this.jobs.add('order', order, { jobId: id });
      return answerTo(id);
    }
  }
  const left = new Countdown();
  const worker = works ? new Worker(name, async () => undefined, { connection, concurrency: CONCURRENCY }) : null;
  worker?.on('completed', () => left.hit());
  await Promise.all([queue.waitUntilReady(), worker?.waitUntilReady()]);
  const providers = [Signed, { provide: Queue, useValue: queue }];
  const { app, port } = await listen({ controllers: [Adding], providers });
  return {
    port,
    done: async (count) => (works ? left.of(count) : undefined),
    async close() {
      await app.close();
      await worker?.close();
      await queue.close();
    },
  };
}
