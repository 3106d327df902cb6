import { TriggersError } from '../model/errors.js';

/** The optional package that speaks to Redis. */
export interface RedisPackages {
  readonly Redis: typeof import('ioredis').Redis;
}

/** The optional packages of everything that stands on BullMQ. */
export interface BullMqPackages extends RedisPackages {
  readonly bullmq: typeof import('bullmq');
}

/**
 * Loads ioredis, only when it is used.
 *
 * @param who what needs it, for the message
 * @throws TRG_DEF_MISSING_DRIVER with the install line
 */
export async function loadRedis(who: string): Promise<RedisPackages> {
  try {
    const { Redis } = await import('ioredis');
    return { Redis };
  } catch (cause) {
    const message = `${who} needs the package "ioredis". Install it: npm install ioredis`;
    throw new TriggersError('TRG_DEF_MISSING_DRIVER', message, { cause });
  }
}

/** Loads BullMQ and ioredis, only when they are used. @throws TRG_DEF_MISSING_DRIVER with the install line */
export async function loadBullMq(who: string): Promise<BullMqPackages> {
  try {
    const [bullmq, { Redis }] = await Promise.all([import('bullmq'), import('ioredis')]);
    return { bullmq, Redis };
  } catch (cause) {
    const message = `${who} needs the packages "bullmq" and "ioredis". Install them: npm install bullmq ioredis`;
    throw new TriggersError('TRG_DEF_MISSING_DRIVER', message, { cause });
  }
}
