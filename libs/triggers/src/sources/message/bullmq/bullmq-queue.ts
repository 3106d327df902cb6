import { loadBullMq } from '../../../redis/redis-packages.js';
import type { BullMqPackages } from '../../../redis/redis-packages.js';
import type { MessageHandler, MessageSource, MessageSubscription, SubscribeOptions } from '../message-source.js';
import { DEFAULT_BULLMQ_QUEUE_OPTIONS, resolveBullMqQueueOptions } from './bullmq-queue.options.js';
import type { BullMqQueueOptions, ResolvedBullMqQueueOptions } from './bullmq-queue.options.js';
import { QueueSubscription } from './queue-subscription.js';

/**
 * The jobs of a BullMQ queue as messages. A job is completed after our commit; one that comes again is delayed, and spends none of
 * its attempts; one whose process has died is taken over by another. Its id is what makes it the same message; a number that BullMQ
 * has counted stands together with the time of the job, because a Redis that has lost its data counts from 1 again.
 *
 * Needs the packages `bullmq` and `ioredis`.
 *
 * @example from: bullMqQueue({ queue: 'paid-orders', connection: 'redis://localhost' })
 */
export function bullMqQueue(options: BullMqQueueOptions): MessageSource {
  return new BullMqQueue(options);
}

class BullMqQueue implements MessageSource {
  readonly name: string;
  readonly hasIdentity = true;
  readonly #options: BullMqQueueOptions;
  #ready: { readonly options: ResolvedBullMqQueueOptions; readonly packages: BullMqPackages } | undefined;

  constructor(options: BullMqQueueOptions) {
    const { queue, prefix = DEFAULT_BULLMQ_QUEUE_OPTIONS.prefix } = options;
    this.#options = options;
    this.name = `BullMQ queue "${prefix === DEFAULT_BULLMQ_QUEUE_OPTIONS.prefix ? queue : `${prefix}:${queue}`}"`;
  }

  async open(): Promise<void> {
    const options = resolveBullMqQueueOptions(this.#options);
    this.#ready ??= { options, packages: await loadBullMq(this.name) };
  }

  subscribe(handler: MessageHandler, subscribed: SubscribeOptions): MessageSubscription {
    if (this.#ready === undefined) throw new TypeError('open() comes first.');
    return new QueueSubscription(handler, { ...this.#ready, ...subscribed });
  }
}
