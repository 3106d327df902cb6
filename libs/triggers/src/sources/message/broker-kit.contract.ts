import { Redis as Client } from 'ioredis';
import type { Redis } from 'ioredis';
import type { RedisServer } from '../../../../../bench/harness/redis.js';
import { useRedis } from '../../../../../test/support/redis.js';
import { until } from '../../../../../test/support/until.js';
import { Listener } from './listener.contract.js';
import { ACK } from './message-source.js';
import type { MessageSource } from './message-source.js';

/** Soon enough for a test, and later than a connection takes to come back. */
export const TAKE_OVER_AFTER = '1s';

/** One queue or stream of a test, and whoever sends to it. */
export interface Broker {
  source(url: string): MessageSource;
  /** Sends messages whose bodies are these numbers, as `{ n }`. */
  send(redis: Redis, numbers: readonly number[]): Promise<void>;
  /** How many messages the broker has that are not acknowledged. */
  left(redis: Redis): Promise<number>;
}

/** What tests of the port do with a broker. */
export interface BrokerKit {
  /** The server, which can be killed. */
  readonly redis: () => RedisServer;
  readonly url: () => string;
  readonly newSource: () => MessageSource;
  /** Subscribes; it is closed after the test. */
  readonly listen: (
    answer?: ConstructorParameters<typeof Listener>[1],
    options?: { readonly prefetch?: number; readonly url?: string },
  ) => Promise<Listener>;
  readonly send: (numbers: readonly number[]) => Promise<void>;
  readonly left: () => Promise<number>;
  readonly nothingIsLeft: () => Promise<unknown>;
  /** Something else that is to be closed after the test. */
  readonly opened: (one: { close(): unknown }) => void;
}

/** A new queue or stream for each test. */
export function useBroker(newBroker: () => Broker): BrokerKit {
  const redis = useRedis();
  const open: { close(): unknown }[] = [];
  let broker: Broker;
  let client: Redis;

  beforeEach(() => {
    broker = newBroker();
    client = new Client(redis().port, '127.0.0.1', { maxRetriesPerRequest: null });
    client.on('error', () => undefined);
  });
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
    client.disconnect();
  });

  const url = (): string => `redis://127.0.0.1:${redis().port}`;
  const left = (): Promise<number> => broker.left(client);
  return {
    redis,
    url,
    newSource: () => broker.source(url()),
    listen: async (answer = () => ACK, { prefetch = 10, url: at = url() } = {}) => {
      const source = broker.source(at);
      await source.open?.();
      const listener = new Listener(source, answer, prefetch);
      open.push(listener);
      return listener;
    },
    send: (numbers) => broker.send(client, numbers),
    left,
    nothingIsLeft: () => until(async () => (await left()) === 0, 'all are acknowledged'),
    opened: (one) => void open.push(one),
  };
}
