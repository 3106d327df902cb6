import type { Redis } from 'ioredis';
import { TAKE_OVER_AFTER } from '../broker-kit.contract.js';
import type { Broker } from '../broker-kit.contract.js';
import { newName } from '../listener.contract.js';
import { messageSourceContract } from '../message-source.contract.js';
import { redisStream } from './redis-stream.js';

const GROUP = 'readers';

function newBroker(): Broker {
  const stream = newName();
  return {
    source: (connection) =>
      redisStream({ stream, group: GROUP, connection, body: 'data', takeOverAfter: TAKE_OVER_AFTER }),
    send: async (redis, numbers) => {
      const adding = redis.pipeline();
      for (const n of numbers) adding.xadd(stream, '*', 'data', JSON.stringify({ n }));
      for (const [error] of (await adding.exec()) ?? []) if (error !== null) throw error;
    },
    left: (redis) => left(redis, stream),
  };
}

/** Entries that nobody has read, and those that were not acknowledged. */
async function left(redis: Redis, stream: string): Promise<number> {
  const groups = (await redis.xinfo('GROUPS', stream)) as (string | number | null)[][];
  const [group] = groups.map(
    (row) => new Map(Array.from({ length: row.length / 2 }, (_, at) => [row[2 * at], row[2 * at + 1]])),
  );
  return Number(group?.get('lag') ?? 0) + Number(group?.get('pending') ?? 0);
}

messageSourceContract('a Redis stream as a source of messages', newBroker);
