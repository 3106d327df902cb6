import type { Redis, RedisOptions } from 'ioredis';
import { TriggersError } from '../model/errors.js';

/**
 * Where Redis is: `redis://` or `rediss://` as text, options of ioredis, or an ioredis instance, which is never used itself but
 * duplicated.
 */
export type RedisConnection = string | RedisOptions | Redis;

const MAX_RECONNECT_MS = 2_000;

/** However often it failed, it is tried again: whoever gave up would have to be restarted by hand. */
const RECONNECT = { retryStrategy: (times: number) => Math.min(times * 100, MAX_RECONNECT_MS) } as const;

/**
 * Checks a connection as it was given. It may hold a password: no message repeats it.
 *
 * @param where what it belongs to, for messages: `bullMq()`
 * @throws TRG_DEF_INVALID_OPTION
 */
export function checkRedisConnection(connection: unknown, where: string): RedisConnection {
  const problem = typeof connection === 'string' ? problemOfUrl(connection) : problemOf(connection);
  if (problem === null) return connection as RedisConnection;
  throw new TriggersError('TRG_DEF_INVALID_OPTION', `${where}, option "connection" ${problem}.`);
}

/** A connection of our own, which comes back by itself for as long as it is not ended. */
export function connectRedis(Client: typeof Redis, connection: RedisConnection, own: RedisOptions): Redis {
  const options = { ...RECONNECT, ...own };
  if (typeof connection === 'string') return new Client(connection, options);
  return isClient(connection)
    ? connection.duplicate(options)
    : new Client({ ...connection, ...options, lazyConnect: false });
}

function problemOfUrl(url: string): string | null {
  if (/^rediss?:\/\//.test(url) && URL.canParse(url)) return null;
  return 'is no URL of the form redis://user:password@host:6379/0';
}

function problemOf(connection: unknown): string | null {
  if (typeof connection !== 'object' || connection === null)
    return 'is missing; give a redis:// URL, options of ioredis, or an ioredis instance';
  if ('isCluster' in connection && connection.isCluster) return 'is a Redis Cluster; give one Redis, or a Sentinel';
  return given(connection).keyPrefix ? 'has a keyPrefix, which is not taken; say the whole names' : null;
}

/** The options that a connection was, or will be, made of. */
function given(connection: object): RedisOptions {
  return isClient(connection) ? connection.options : connection;
}

/** Whether a connection is an instance of ioredis, perhaps of another copy of that package. */
function isClient(connection: object): connection is Redis {
  return 'duplicate' in connection && typeof connection.duplicate === 'function';
}
