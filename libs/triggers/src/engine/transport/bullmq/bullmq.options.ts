import type { Redis, RedisOptions } from 'ioredis';
import { TriggersError } from '../../../model/errors.js';

/** Options of `bullMq()`. */
export interface BullMqOptions {
  /**
   * Where Redis is: `redis://` or `rediss://` as text, options of ioredis, or an ioredis instance, which is never used itself but
   * duplicated.
   */
  readonly connection: string | RedisOptions | Redis;
  /** What the names of our queues begin with: `<prefix>-<pool>`. @default 'triggers' */
  readonly prefix?: string;
}

/** {@link BullMqOptions} with nothing left open. */
export type ResolvedBullMqOptions = Required<BullMqOptions>;

/** The defaults of {@link BullMqOptions}. */
export const DEFAULT_BULLMQ_OPTIONS = { prefix: 'triggers' } as const;

/**
 * Checks the options and fills in the defaults. A connection may hold a password: no message repeats it.
 *
 * @throws TRG_DEF_INVALID_OPTION
 */
export function resolveBullMqOptions(options: BullMqOptions): ResolvedBullMqOptions {
  const { connection, prefix = DEFAULT_BULLMQ_OPTIONS.prefix } = options ?? {};
  const problem = typeof connection === 'string' ? problemOfUrl(connection) : problemOf(connection);
  if (problem !== null) throw refuse('connection', problem);
  if (typeof prefix !== 'string' || !/^[A-Za-z0-9_.-]{1,60}$/.test(prefix))
    throw refuse('prefix', 'may have 1 to 60 letters, digits, "_", "." and "-"');
  return { connection, prefix };
}

function problemOfUrl(url: string): string | null {
  if (/^rediss?:\/\//.test(url) && URL.canParse(url)) return null;
  return 'is no URL of the form redis://user:password@host:6379/0';
}

function problemOf(connection: RedisOptions | Redis | undefined): string | null {
  if (typeof connection !== 'object' || connection === null)
    return 'is missing; give a redis:// URL, options of ioredis, or an ioredis instance';
  if ('isCluster' in connection && connection.isCluster) return 'is a Redis Cluster; give one Redis, or a Sentinel';
  return given(connection).keyPrefix ? 'has a keyPrefix, which BullMQ does not take; use "prefix"' : null;
}

/** The options that a connection was, or will be, made of. */
function given(connection: RedisOptions | Redis): RedisOptions {
  return isClient(connection) ? connection.options : connection;
}

/** Whether a connection is an instance of ioredis, perhaps of another copy of that package. */
export function isClient(connection: RedisOptions | Redis): connection is Redis {
  return 'duplicate' in connection && typeof connection.duplicate === 'function';
}

function refuse(name: string, problem: string): TriggersError {
  return new TriggersError('TRG_DEF_INVALID_OPTION', `bullMq(), option "${name}" ${problem}.`);
}
