import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import type { MessageSource } from 'nestjs-triggers';
import { bullMqQueue } from 'nestjs-triggers/bullmq';
import { redisStream } from 'nestjs-triggers/redis-streams';
import { randomBytes } from 'node:crypto';

/** The adapters that messages of tests go through. */
export const ADAPTERS = ['bullmq', 'redis-streams'] as const;
export type Adapter = (typeof ADAPTERS)[number];

/** One queue or stream of a test on a real Redis. */
export class TestBroker {
  readonly name = `t${randomBytes(4).toString('hex')}`;
  readonly #redis: Redis;

  constructor(
    readonly adapter: Adapter,
    readonly url: string,
  ) {
    this.#redis = new Redis(url, { maxRetriesPerRequest: null });
    this.#redis.on('error', () => undefined);
  }

  /** Another one for each process: a source is subscribed to once. */
  source(): MessageSource {
    const { name, url: connection, adapter } = this;
    return adapter === 'bullmq'
      ? bullMqQueue({ queue: name, connection, takeOverAfter: '1s' })
      : redisStream({ stream: name, group: 'app', body: 'data', connection, takeOverAfter: '1s' });
  }

  /** Sends `{ n }` for each number. What the broker has taken comes back from a crash. */
  async send(numbers: readonly number[]): Promise<void> {
    if (this.adapter === 'bullmq') {
      await this.#queue().addBulk(numbers.map((n) => ({ name: 'number', data: { n }, opts: { jobId: `n-${n}` } })));
      return;
    }
    const adding = this.#redis.pipeline();
    for (const n of numbers) adding.xadd(this.name, `1-${n + 1}`, 'data', JSON.stringify({ n }));
    await adding.exec();
  }

  /** How many messages are not acknowledged. */
  async left(): Promise<number> {
    if (this.adapter === 'bullmq') return this.#queue().getJobCountByTypes('wait', 'active', 'delayed', 'failed');
    const groups = (await this.#redis.xinfo('GROUPS', this.name)) as (string | number | null)[][];
    return groups.reduce((sum, row) => sum + numberAfter(row, 'lag') + numberAfter(row, 'pending'), 0);
  }

  close(): void {
    this.#redis.disconnect();
  }

  #queue(): Queue {
    const queue = new Queue(this.name, { connection: this.#redis });
    queue.on('error', () => undefined);
    return queue;
  }
}

function numberAfter(row: readonly (string | number | null)[], name: string): number {
  return Number(row[row.indexOf(name) + 1] ?? 0);
}
