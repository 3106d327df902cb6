import { loadRedis } from '../../../redis/redis-packages.js';
import type { RedisPackages } from '../../../redis/redis-packages.js';
import type { MessageHandler, MessageSource, MessageSubscription, SubscribeOptions } from '../message-source.js';
import { resolveRedisStreamOptions } from './redis-stream.options.js';
import type { RedisStreamOptions, ResolvedRedisStreamOptions } from './redis-stream.options.js';
import { StreamSubscription } from './stream-subscription.js';

/**
 * The entries of a Redis stream as messages, read by a consumer group. An entry is acknowledged after our commit; what a process had in
 * hand when it died is taken over by another. The id of the entry is what makes it the same message.
 *
 * Needs the package `ioredis`, and Redis 6.2 or newer.
 *
 * @example from: redisStream({ stream: 'payments', group: 'shipping', body: 'data', connection: 'redis://localhost' })
 */
export function redisStream(options: RedisStreamOptions): MessageSource {
  return new RedisStream(options);
}

class RedisStream implements MessageSource {
  readonly name: string;
  readonly hasIdentity = true;
  readonly #options: RedisStreamOptions;
  #ready: { readonly options: ResolvedRedisStreamOptions; readonly packages: RedisPackages } | undefined;

  constructor(options: RedisStreamOptions) {
    this.#options = options;
    this.name = `Redis stream "${options.stream}", group "${options.group}"`;
  }

  async open(): Promise<void> {
    const options = resolveRedisStreamOptions(this.#options);
    this.#ready ??= { options, packages: await loadRedis(this.name) };
  }

  subscribe(handler: MessageHandler, subscribed: SubscribeOptions): MessageSubscription {
    if (this.#ready === undefined) throw new TypeError('open() comes first.');
    return new StreamSubscription(handler, { ...this.#ready, ...subscribed });
  }
}
