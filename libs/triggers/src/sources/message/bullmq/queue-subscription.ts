import type { Job, Worker as BullWorker } from 'bullmq';
import type { Redis, RedisOptions } from 'ioredis';
import { SystemClock } from '../../../model/clock.js';
import type { Json } from '../../../model/json.js';
import { errorMessage } from '../../../model/text.js';
import { withPatience } from '../../../redis/patience.js';
import { connectRedis } from '../../../redis/redis-connection.js';
import type { BullMqPackages } from '../../../redis/redis-packages.js';
import { BrokerLink } from '../broker-link.js';
import { redeliver } from '../message-source.js';
import type { DeliveredMessage, MessageHandler, MessageSubscription, SubscribeOptions } from '../message-source.js';
import type { ResolvedBullMqQueueOptions } from './bullmq-queue.options.js';

/** A consumer waits for Redis as long as it takes; BullMQ refuses anything else. */
const CONNECTION: RedisOptions = { enableOfflineQueue: true, maxRetriesPerRequest: null };
/** BullMQ wakes nobody for a job that may be taken at once. */
const AT_LEAST_MS = 10;
/** As many completed jobs stay in Redis, where whoever added them said nothing of it. */
const KEPT = { count: 1_000 } as const;

const OPTIONS = {
  removeOnComplete: KEPT,
  // A job whose processes die comes again however often; whether it is to be given up is counted by us.
  maxStalledCount: 1_000_000,
  runRetryDelay: 1_000,
} as const;

interface QueueSubscriptionOptions extends SubscribeOptions {
  readonly options: ResolvedBullMqQueueOptions;
  readonly packages: BullMqPackages;
}

/**
 * One subscription to a queue. BullMQ hands over at most `prefetch` jobs, renews what it has in hand, and finds out what others left.
 * A job never fails here: what is to come again is delayed, and where that cannot be told BullMQ finds the job stalled.
 */
export class QueueSubscription implements MessageSubscription {
  readonly #clock = new SystemClock();
  readonly #link: BrokerLink;
  readonly #connection: Redis;
  readonly #bull: BullWorker;
  readonly #delayed: () => Error;
  #isStopped = false;
  /** Jobs that were handed over and are not settled. */
  #inHand = 0;

  constructor(
    private readonly handler: MessageHandler,
    { options, packages, prefetch, ...told }: QueueSubscriptionOptions,
  ) {
    const { queue, prefix, connection, takeOverAfterMs } = options;
    const { bullmq, Redis } = packages;
    this.#link = new BrokerLink(told);
    this.#delayed = () => new bullmq.DelayedError();
    this.#connection = connectRedis(Redis, connection, CONNECTION);
    this.#connection.on('ready', () => this.#link.back());
    this.#connection.on('error', (error: unknown) => this.#link.away(error));
    this.#connection.on('close', () => this.#link.away(new Error('the connection was closed')));
    this.#bull = new bullmq.Worker(queue, (job: Job, token?: string) => this.#take(job, token), {
      ...OPTIONS,
      prefix,
      connection: this.#connection,
      concurrency: prefetch,
      lockDuration: takeOverAfterMs,
      stalledInterval: takeOverAfterMs,
    });
    this.#bull.on('error', (error) => this.#refused(error));
    this.#bull.on('completed', () => this.#link.back());
    this.#bull.on('drained', () => this.#link.back());
  }

  pause(): void {
    void this.#bull.pause(true);
  }

  resume(): void {
    if (this.#bull.isPaused()) void this.#bull.resume();
  }

  /** A job that BullMQ is just fetching goes back. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#bull.pause(true);
  }

  async close(): Promise<void> {
    this.#isStopped = true;
    // BullMQ would wait for what is in hand for ever, and renew it meanwhile.
    await withPatience(this.#clock, this.#bull.close(this.#link.isAway || this.#inHand > 0));
    await withPatience(this.#clock, this.#bull.getBackend().close(true));
    this.#connection.removeAllListeners('close');
    this.#connection.disconnect();
  }

  async #take(job: Job, token: string | undefined): Promise<void> {
    this.#inHand += 1;
    const settlement = this.#isStopped ? redeliver(0) : await this.handler(messageOf(job));
    this.#inHand -= 1;
    if (settlement.settle === 'ack') return;
    try {
      await job.moveToDelayed(Date.now() + Math.max(settlement.afterMs, AT_LEAST_MS), token);
    } catch (error) {
      this.#refused(error);
    }
    // Whatever became of it, the job has not failed.
    throw this.#delayed();
  }

  /** That somebody else has taken a job over means nothing; that Redis refuses commands does. */
  #refused(error: unknown): void {
    if (!/lock/i.test(errorMessage(error))) this.#link.away(error);
  }
}

/** Numbers are counted by BullMQ; whoever chooses an id cannot choose one. */
const COUNTED = /^\d+$/;

function messageOf({ id = '', name, data, timestamp, attemptsStarted }: Job): DeliveredMessage {
  return {
    id: COUNTED.test(id) ? `${id}@${timestamp}` : id,
    body: { json: ((data as unknown) ?? null) as Json },
    headers: { name },
    deliveries: Math.max(attemptsStarted ?? 1, 1),
    sentAt: new Date(timestamp),
  };
}
