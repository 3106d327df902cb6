import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { GROUP } from './full-broker.js';
import type { FullBroker } from './full-broker.js';
import type { RowInserter } from './row-inserter.js';

/** As many messages in hand as our default. */
export const PREFETCH = 50;

/** Reads everything; each message is one committed row before it is acknowledged. Resolves when all are. */
export function consumePlainly(broker: FullBroker, rows: RowInserter): Promise<void> {
  return broker.adapter === 'bullmq' ? fromQueue(broker, rows) : fromStream(broker, rows);
}

async function fromQueue({ port, name, count }: FullBroker, rows: RowInserter): Promise<void> {
  const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null };
  const worker = new Worker(name, (job) => rows.insert(`${name}-${job.id}`, JSON.stringify(job.data)), {
    connection,
    concurrency: PREFETCH,
    removeOnComplete: { count: 1_000 },
  });
  let left = count;
  await new Promise<void>((resolve) => worker.on('completed', () => --left === 0 && resolve()));
  await worker.close();
}

async function fromStream({ port, name, count }: FullBroker, rows: RowInserter): Promise<void> {
  const redis = new Redis(port, '127.0.0.1');
  await redis.xgroup('CREATE', name, GROUP, '0');
  for (let left = count; left > 0;) {
    const read = await redis.xreadgroup('GROUP', GROUP, 'plain', 'COUNT', PREFETCH, 'STREAMS', name, '>');
    const entries = (read as [string, [string, string[]][]][] | null)?.[0]?.[1] ?? [];
    await Promise.all(entries.map(([id, [, body = '']]) => rows.insert(`${name}-${id}`, body)));
    await redis.xack(name, GROUP, ...entries.map(([id]) => id));
    left -= entries.length;
  }
  redis.disconnect();
}
