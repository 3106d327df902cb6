import { TriggersError } from '../../../model/errors.js';
import { checkRedisConnection } from '../../../redis/redis-connection.js';
import type { RedisConnection } from '../../../redis/redis-connection.js';

/** Options of `bullMq()`. */
export interface BullMqOptions {
  /**
   * Where Redis is: `redis://` or `rediss://` as text, options of ioredis, or an ioredis instance, which is never used itself but
   * duplicated.
   */
  readonly connection: RedisConnection;
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
  if (typeof prefix !== 'string' || !/^[A-Za-z0-9_.-]{1,60}$/.test(prefix))
    throw refuse('prefix', 'may have 1 to 60 letters, digits, "_", "." and "-"');
  return { connection: checkRedisConnection(connection, 'bullMq()'), prefix };
}

function refuse(name: string, problem: string): TriggersError {
  return new TriggersError('TRG_DEF_INVALID_OPTION', `bullMq(), option "${name}" ${problem}.`);
}
