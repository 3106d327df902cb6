import { FlowProducer, Queue, Worker } from 'bullmq';
import type { FlowJob, Job } from 'bullmq';
import { Countdown } from '../harness/countdown.js';
import { timed } from '../harness/event-loop.js';
import { payload } from '../harness/payload.js';
import type { Sample } from '../harness/rounds.js';

const QUEUE = 'bench';
/** The best of 50, 100, 200 and 500 on the machine of README.md, jobs and chains together. */
const CONCURRENCY = 100;
const ADDED_AT_ONCE = 1_000;
const OPTS = { removeOnComplete: true };

/** BullMQ as it is fastest: bulk adds, many jobs at once, nothing kept, and a processor that does nothing. */
export class BullMq {
  readonly #completions = new Countdown();
  readonly #queue: Queue;
  readonly #flows: FlowProducer;
  readonly #worker: Worker;

  private constructor(port: number) {
    const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null };
    this.#queue = new Queue(QUEUE, { connection });
    this.#flows = new FlowProducer({ connection });
    this.#worker = new Worker(QUEUE, async () => undefined, { connection, concurrency: CONCURRENCY });
    this.#worker.on('completed', (job: Job) => this.#completed(job));
  }

  static async start(port: number): Promise<BullMq> {
    const bull = new BullMq(port);
    await Promise.all([bull.#queue.waitUntilReady(), bull.#worker.waitUntilReady(), bull.#flows.waitUntilReady()]);
    return bull;
  }

  /** Adds and processes `count` jobs of their own. */
  jobs(count: number): Promise<Sample> {
    return this.#measure(count, async (indexes) => {
      await this.#queue.addBulk(indexes.map((index) => ({ name: 'last', data: payload(index), opts: OPTS })));
    });
  }

  /** Adds and processes `count` chains of three jobs. */
  chains(count: number): Promise<Sample> {
    return this.#measure(count, async (indexes) => {
      await this.#flows.addBulk(indexes.map(chainOf));
    });
  }

  async close(): Promise<void> {
    await this.#worker.close();
    await this.#flows.close();
    await this.#queue.close();
  }

  #measure(count: number, add: (indexes: number[]) => Promise<void>): Promise<Sample> {
    return timed(count, async () => {
      const completed = this.#completions.of(count);
      for (let from = 0; from < count; from += ADDED_AT_ONCE) {
        await add(Array.from({ length: Math.min(ADDED_AT_ONCE, count - from) }, (_, index) => from + index));
      }
      await completed;
    });
  }

  #completed(job: Job): void {
    if (job.name === 'last') this.#completions.hit();
  }
}

function chainOf(index: number): FlowJob {
  const job = (name: string, children: FlowJob[]): FlowJob => {
    return { name, queueName: QUEUE, data: payload(index), opts: OPTS, children };
  };
  return job('last', [job('second', [job('first', [])])]);
}
