import { parseDuration } from '../../../model/duration.js';
import type { Duration } from '../../../model/duration.js';
import { checkRedisConnection } from '../../../redis/redis-connection.js';
import type { RedisConnection } from '../../../redis/redis-connection.js';
import { checkRedisName, refuseOption } from '../../../redis/redis-options.js';

/** Options of `redisStream()`. */
export interface RedisStreamOptions {
  /** The key of the stream. */
  readonly stream: string;
  /** The consumer group: one for each application that is to see every entry. It is made when it is not there, and so is the stream. */
  readonly group: string;
  /**
   * Where Redis is: `redis://` or `rediss://` as text, options of ioredis, or an ioredis instance, which is never used itself but
   * duplicated.
   */
  readonly connection: RedisConnection;
  /** The name of this process in the group; no two processes may share one. @default one of its own, gone when the process is */
  readonly consumer?: string;
  /**
   * The field that holds the body as JSON; the other fields are headers then.
   *
   * @default the body is an object of all fields, whose values are texts
   */
  readonly body?: string;
  /** Where a group that has to be made begins: with the oldest entry of the stream, or the next one. @default DEFAULT_REDIS_STREAM_OPTIONS.startFrom */
  readonly startFrom?: 'oldest' | 'next';
  /** When a process has died, others take over what it had in hand after so long. @default DEFAULT_REDIS_STREAM_OPTIONS.takeOverAfter */
  readonly takeOverAfter?: Duration;
}

/** The defaults of {@link RedisStreamOptions}. */
export const DEFAULT_REDIS_STREAM_OPTIONS = { startFrom: 'oldest', takeOverAfter: '30s' } as const;

/** {@link RedisStreamOptions} with nothing left open. */
export interface ResolvedRedisStreamOptions extends Required<
  Pick<RedisStreamOptions, 'stream' | 'group' | 'connection' | 'startFrom'>
> {
  /** `null`: a name of its own for each subscription. */
  readonly consumer: string | null;
  readonly body: string | null;
  readonly takeOverAfterMs: number;
}

const WHERE = 'redisStream()';

/** Checks the options and fills in the defaults. @throws TRG_DEF_INVALID_OPTION, TRG_DEF_INVALID_DURATION */
export function resolveRedisStreamOptions(options: RedisStreamOptions): ResolvedRedisStreamOptions {
  const { stream, group, connection, consumer, body, startFrom, takeOverAfter } = {
    ...DEFAULT_REDIS_STREAM_OPTIONS,
    ...options,
  };
  const takeOverAfterMs = parseDuration(takeOverAfter, `${WHERE}, option "takeOverAfter"`);
  if (takeOverAfterMs < 1_000) throw refuseOption(WHERE, 'takeOverAfter', 'is shorter than a second');
  if (!['oldest', 'next'].includes(startFrom)) throw refuseOption(WHERE, 'startFrom', 'is neither "oldest" nor "next"');
  return {
    stream: checkRedisName(stream, WHERE, 'stream'),
    group: checkRedisName(group, WHERE, 'group'),
    connection: checkRedisConnection(connection, WHERE),
    consumer: consumer === undefined ? null : checkRedisName(consumer, WHERE, 'consumer'),
    body: body === undefined ? null : checkRedisName(body, WHERE, 'body'),
    startFrom,
    takeOverAfterMs,
  };
}
