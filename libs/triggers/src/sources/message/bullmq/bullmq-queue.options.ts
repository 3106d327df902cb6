import { parseDuration } from '../../../model/duration.js';
import type { Duration } from '../../../model/duration.js';
import { checkRedisConnection } from '../../../redis/redis-connection.js';
import type { RedisConnection } from '../../../redis/redis-connection.js';
import { checkRedisName, refuseOption } from '../../../redis/redis-options.js';

/** Options of `bullMqQueue()`. */
export interface BullMqQueueOptions {
  /** The name of the queue. */
  readonly queue: string;
  /**
   * Where Redis is: `redis://` or `rediss://` as text, options of ioredis, or an ioredis instance, which is never used itself but
   * duplicated.
   */
  readonly connection: RedisConnection;
  /** What BullMQ's keys begin with; it has to be the one of whoever adds the jobs. @default DEFAULT_BULLMQ_QUEUE_OPTIONS.prefix */
  readonly prefix?: string;
  /** When a process has died, others take over what it had in hand after so long. @default DEFAULT_BULLMQ_QUEUE_OPTIONS.takeOverAfter */
  readonly takeOverAfter?: Duration;
}

/** The defaults of {@link BullMqQueueOptions}. */
export const DEFAULT_BULLMQ_QUEUE_OPTIONS = { prefix: 'bull', takeOverAfter: '30s' } as const;

/** {@link BullMqQueueOptions} with nothing left open. */
export type ResolvedBullMqQueueOptions = Required<Omit<BullMqQueueOptions, 'takeOverAfter'>> & {
  readonly takeOverAfterMs: number;
};

const WHERE = 'bullMqQueue()';

/** Checks the options and fills in the defaults. @throws TRG_DEF_INVALID_OPTION, TRG_DEF_INVALID_DURATION */
export function resolveBullMqQueueOptions(options: BullMqQueueOptions): ResolvedBullMqQueueOptions {
  const { queue, connection, prefix, takeOverAfter } = { ...DEFAULT_BULLMQ_QUEUE_OPTIONS, ...options };
  if (checkRedisName(queue, WHERE, 'queue').includes(':')) throw refuseOption(WHERE, 'queue', 'has a ":"');
  const takeOverAfterMs = parseDuration(takeOverAfter, `${WHERE}, option "takeOverAfter"`);
  if (takeOverAfterMs < 1_000) throw refuseOption(WHERE, 'takeOverAfter', 'is shorter than a second');
  return {
    queue,
    prefix: checkRedisName(prefix, WHERE, 'prefix'),
    connection: checkRedisConnection(connection, WHERE),
    takeOverAfterMs,
  };
}
