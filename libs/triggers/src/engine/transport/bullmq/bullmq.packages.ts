import { TriggersError } from '../../../model/errors.js';

/** The optional packages of this transport. */
export interface BullMqPackages {
  readonly bullmq: typeof import('bullmq');
  readonly Redis: typeof import('ioredis').Redis;
}

/**
 * Loads the optional packages of this transport, only when it is used.
 *
 * @throws TRG_DEF_MISSING_DRIVER with the install line
 */
export async function loadPackages(): Promise<BullMqPackages> {
  try {
    const [bullmq, { Redis }] = await Promise.all([import('bullmq'), import('ioredis')]);
    return { bullmq, Redis };
  } catch (cause) {
    throw new TriggersError(
      'TRG_DEF_MISSING_DRIVER',
      'The BullMQ transport needs the packages "bullmq" and "ioredis". Install them: npm install bullmq ioredis',
      { cause },
    );
  }
}
