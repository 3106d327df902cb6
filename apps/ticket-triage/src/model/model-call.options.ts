import type { Duration, TaskOptions } from 'nestjs-triggers';

const { MODEL_TIMEOUT, MODEL_RETRY_DELAY } = process.env;

/**
 * How patient we are with the model. What stands in a decorator is read before there is any provider, so this comes straight from
 * the environment; what is no duration is refused when the application starts.
 */
export const MODEL_CALL = {
  timeout: (MODEL_TIMEOUT || '30s') as Duration,
  retry: { attempts: 4, backoff: 'exponential', delay: (MODEL_RETRY_DELAY || '5s') as Duration, maxDelay: '2m' },
} as const satisfies TaskOptions;
