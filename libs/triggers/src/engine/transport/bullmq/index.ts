// Many workers over BullMQ: `nestjs-triggers/bullmq`. Importing it loads neither bullmq nor ioredis.
export { bullMq } from './bullmq.js';
export { DEFAULT_BULLMQ_OPTIONS } from './bullmq.options.js';
export type { BullMqOptions } from './bullmq.options.js';
