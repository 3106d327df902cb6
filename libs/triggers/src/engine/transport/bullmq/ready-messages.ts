import { randomBytes } from 'node:crypto';
import type { BulkJobOptions, Queue } from 'bullmq';
import type { ReadyTask } from '../../../store/claimer.js';
import type { MessageItem } from '../../../store/commits/claim-messages.commit.js';
import type { BullMqPackages } from '../../../redis/redis-packages.js';
import type { RedisLink } from './redis-link.js';

/** So many tasks wait to be told while Redis is slow; of more the sweep hears from the database. */
export const MAX_UNTOLD = 10_000;
/** Told at once. */
const MAX_AT_ONCE = 500;
/** A message must not come before its task is due by the database's clock, which the delay was taken from a moment before. */
const EARLY_MS = 10;
/** BullMQ runs what has the lowest number first; a job without a number goes before all others. */
const MIDDLE_PRIORITY = 1 << 20;
/** BullMQ keeps a list of what happened in each queue, which nobody reads. */
const STREAMS = { events: { maxLen: 100 } } as const;

/** The queue of a pool. */
export function queueOf(prefix: string, pool: string): string {
  return `${prefix}-${pool}`;
}

/**
 * Tells the nodes that serve a pool which of its tasks are ready: ids, nothing of the user's. A message has an id of its own, so that none is swallowed
 * by an earlier one about the same task which BullMQ has not removed yet.
 */
export class ReadyMessages {
  readonly #untold: ReadyTask[] = [];
  readonly #node = randomBytes(4).toString('hex');
  #told = 0;
  #sending: Promise<void> | undefined;
  readonly #queues = new Map<string, Queue>();

  constructor(
    private readonly prefix: string,
    private readonly link: RedisLink,
    private readonly bullmq: BullMqPackages['bullmq'],
  ) {}

  /** Tells it with the next turn. What Redis does not take is dropped. */
  tell(tasks: readonly ReadyTask[]): void {
    for (let at = 0; at < tasks.length && this.#untold.length < MAX_UNTOLD; at += 1)
      this.#untold.push(tasks[at] as ReadyTask);
    this.#sending ??= this.#send().finally(() => (this.#sending = undefined));
  }

  /** Tells what waits. */
  async close(): Promise<void> {
    await this.#sending;
    await this.#forgetQueues();
  }

  async #send(): Promise<void> {
    // Other commits of this turn go with it.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#untold.length > 0) {
      const tasks = this.#untold.splice(0, MAX_AT_ONCE);
      const connection = this.link.telling;
      if (connection === undefined) this.#untold.length = 0;
      else await this.#sendThese(tasks, connection);
    }
  }

  async #sendThese(tasks: readonly ReadyTask[], connection: NonNullable<RedisLink['telling']>): Promise<void> {
    try {
      for (const pool of new Set(tasks.map((task) => task.pool))) {
        const messages = tasks.filter((task) => task.pool === pool).map((task) => this.#message(task));
        await this.#queueOf(pool, connection).addBulk(messages);
      }
      this.link.worked();
    } catch (error) {
      this.#untold.length = 0;
      this.link.failed(error);
      // A queue that failed while it began never recovers.
      await this.#forgetQueues();
    }
  }

  #queueOf(pool: string, connection: NonNullable<RedisLink['telling']>): Queue {
    const known = this.#queues.get(pool);
    if (known !== undefined) return known;
    const queue = new this.bullmq.Queue(queueOf(this.prefix, pool), {
      connection,
      streams: STREAMS,
      skipVersionCheck: true,
    });
    queue.on('error', () => undefined);
    this.#queues.set(pool, queue);
    return queue;
  }

  async #forgetQueues(): Promise<void> {
    const queues = [...this.#queues.values()];
    this.#queues.clear();
    await Promise.all(queues.map((queue) => queue.close().catch(() => undefined)));
  }

  #message({ id, executionId, task, priority, inMs }: ReadyTask): {
    name: string;
    data: MessageItem;
    opts: BulkJobOptions;
  } {
    this.#told += 1;
    const opts: BulkJobOptions = {
      jobId: `${id}_${this.#node}${this.#told.toString(36)}`,
      priority: bullPriority(priority),
      delay: inMs > 0 ? inMs + EARLY_MS : 0,
      removeOnComplete: true,
      removeOnFail: true,
    };
    return { name: 'ready', data: { executionId, task }, opts };
  }
}

/** Higher goes first with us, lower with BullMQ. */
export function bullPriority(priority: number): number {
  return Math.min(Math.max(MIDDLE_PRIORITY - priority, 1), 2 * MIDDLE_PRIORITY - 1);
}
