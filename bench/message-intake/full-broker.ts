import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { payload } from '../harness/payload.js';

/** What a consumer reads from. */
export type Adapter = 'bullmq' | 'redis-streams';

/** A queue or stream full of messages that nobody has read. */
export interface FullBroker {
  readonly adapter: Adapter;
  readonly port: number;
  readonly name: string;
  readonly count: number;
}

/** The consumer group of all streams. */
export const GROUP = 'bench';
const AT_ONCE = 1_000;

let made = 0;

/** Fills a new queue or stream. */
export async function fill(adapter: Adapter, port: number, count: number): Promise<FullBroker> {
  const name = `messages${made++}`;
  const redis = new Redis(port, '127.0.0.1', { maxRetriesPerRequest: null });
  const queue = adapter === 'bullmq' ? new Queue(name, { connection: redis }) : null;
  for (let sent = 0; sent < count; sent += AT_ONCE) {
    const bodies = Array.from({ length: Math.min(AT_ONCE, count - sent) }, (_, n) => payload(sent + n));
    if (queue !== null) await queue.addBulk(bodies.map((data) => ({ name: 'order', data })));
    else await addEntries(redis, name, bodies);
  }
  await queue?.close();
  redis.disconnect();
  return { adapter, port, name, count };
}

async function addEntries(redis: Redis, stream: string, bodies: readonly object[]): Promise<void> {
  const adding = redis.pipeline();
  for (const body of bodies) adding.xadd(stream, '*', 'data', JSON.stringify(body));
  await adding.exec();
}

/** Takes it away again: later rounds find as much memory as the first. */
export async function empty({ port, name }: FullBroker): Promise<void> {
  const redis = new Redis(port, '127.0.0.1');
  for (const key of await redis.keys(`*${name}*`)) await redis.unlink(key);
  redis.disconnect();
}
