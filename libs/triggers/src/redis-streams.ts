// What reads Redis Streams: `nestjs-triggers/redis-streams`. Importing it does not load ioredis.
export { redisStream } from './sources/message/redis-streams/redis-stream.js';
export { DEFAULT_REDIS_STREAM_OPTIONS } from './sources/message/redis-streams/redis-stream.options.js';
export type { RedisStreamOptions } from './sources/message/redis-streams/redis-stream.options.js';
export type { RedisConnection } from './redis/redis-connection.js';
