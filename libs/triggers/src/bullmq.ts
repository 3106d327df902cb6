// What stands on BullMQ: `nestjs-triggers/bullmq`. Importing it loads neither bullmq nor ioredis.
export { bullMq } from './engine/transport/bullmq/bullmq.js';
export { DEFAULT_BULLMQ_OPTIONS } from './engine/transport/bullmq/bullmq.options.js';
export type { BullMqOptions } from './engine/transport/bullmq/bullmq.options.js';
export type { RedisConnection } from './redis/redis-connection.js';
export { bullMqQueue } from './sources/message/bullmq/bullmq-queue.js';
export { DEFAULT_BULLMQ_QUEUE_OPTIONS } from './sources/message/bullmq/bullmq-queue.options.js';
export type { BullMqQueueOptions } from './sources/message/bullmq/bullmq-queue.options.js';
