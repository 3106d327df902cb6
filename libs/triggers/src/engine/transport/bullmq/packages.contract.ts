import { EventEmitter } from 'node:events';
import type { Job } from 'bullmq';
import type { RedisOptions } from 'ioredis';
import type { BullMqPackages } from '../../../redis/redis-packages.js';

/** A connection to Redis that does what a test says. */
export class FakeRedis extends EventEmitter {
  status = 'connecting';
  ended = false;

  constructor(readonly options: RedisOptions) {
    super();
  }

  stands(): void {
    this.status = 'ready';
    this.emit('ready');
  }

  breaks(): void {
    this.status = 'reconnecting';
    this.emit('close');
  }

  disconnect(): void {
    this.ended = true;
    this.breaks();
  }
}

/** A worker of BullMQ: it hears what a test gives it, and remembers what it was told. */
export class FakeConsumer extends EventEmitter {
  concurrency: number;
  paused = false;
  readonly did: string[] = [];
  /** What its graceful end waits for. */
  closing: Promise<void> = Promise.resolve();

  constructor(
    readonly name: string,
    private readonly hearJob: (job: Job, token?: string) => Promise<void>,
    readonly options: { readonly concurrency: number } & Record<string, unknown>,
  ) {
    super();
    this.concurrency = options.concurrency;
  }

  hear(data: unknown, job: Partial<Job> = {}): Promise<void> {
    return this.hearJob({ data, ...job } as Job, 'token');
  }

  isPaused(): boolean {
    return this.paused;
  }

  async pause(doesNotWait: boolean): Promise<void> {
    this.did.push(doesNotWait ? 'pauses' : 'waits and pauses');
    this.paused = true;
  }

  async resume(): Promise<void> {
    this.did.push('resumes');
    this.paused = false;
  }

  close(atOnce: boolean): Promise<void> {
    this.did.push(atOnce ? 'closes at once' : 'closes');
    return this.closing;
  }

  getBackend(): { close: (atOnce: boolean) => Promise<void> } {
    return { close: async (atOnce) => void this.did.push(atOnce ? 'lets go at once' : 'lets go') };
  }
}

/** A queue of BullMQ, which keeps what it is told. */
export class FakeQueue extends EventEmitter {
  readonly told: { readonly name: string; readonly data: object; readonly opts: Record<string, unknown> }[] = [];
  closed = false;

  constructor(
    readonly name: string,
    readonly options: Record<string, unknown>,
  ) {
    super();
  }

  async addBulk(jobs: FakeQueue['told']): Promise<void> {
    this.told.push(...jobs);
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}

/** BullMQ and its Redis without either: everything that was made of them, in order. */
export class FakePackages {
  readonly connections: FakeRedis[] = [];
  readonly workers: FakeConsumer[] = [];
  readonly queues: FakeQueue[] = [];
  readonly packages: BullMqPackages;

  constructor() {
    const { connections, workers, queues } = this;
    const kept = <T>(list: T[], made: T): T => (list.push(made), made);
    // Functions, as an arrow cannot be made anew; what they return stands for what was made.
    const made = {
      Redis: function (options: RedisOptions) {
        return kept(connections, new FakeRedis(options));
      },
      bullmq: {
        DelayedError: class extends Error {},
        Worker: function (...given: ConstructorParameters<typeof FakeConsumer>) {
          return kept(workers, new FakeConsumer(...given));
        },
        Queue: function (...given: ConstructorParameters<typeof FakeQueue>) {
          return kept(queues, new FakeQueue(...given));
        },
      },
    };
    this.packages = made as unknown as BullMqPackages;
  }
}
