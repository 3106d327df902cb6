import type { Redis } from 'ioredis';
import type { Clock } from '../../../model/clock.js';

/** Waits of one loop: for a while, or for a read that waits for entries. Both end early when there is something else to do. */
export class Wakeable {
  #end: (() => void) | undefined;
  #isReading = false;
  #isWaking = false;
  /** What Redis calls the connection that reads; unknown while there is none. */
  #reader: number | undefined;

  constructor(
    private readonly redis: Redis,
    reader: Redis,
    private readonly clock: Clock,
  ) {
    reader.on('close', () => (this.#reader = undefined));
    reader.on('ready', () => {
      reader.client('ID').then(
        (id) => (this.#reader = id),
        () => undefined,
      );
    });
  }

  /** Ends a wait with the turn of the event loop, so that what else happens in it is seen at once. */
  now(): void {
    if (this.#isWaking) return;
    this.#isWaking = true;
    setImmediate(() => {
      this.#isWaking = false;
      this.#end?.();
    });
  }

  /** Ends a wait that is no read: entries that come end a read by themselves. */
  nowIfIdle(): void {
    if (!this.#isReading) this.now();
  }

  /** Waits so long, or until it is woken. */
  async idle(waitMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = this.clock.setTimer(resolve, waitMs);
      this.#end = () => {
        timer.clear();
        resolve();
      };
    });
    this.#end = undefined;
  }

  /** Waits for a read, which answers what it has when it is woken. Where that is not allowed it ends by itself, a little later. */
  async during<T>(read: Promise<T>): Promise<T> {
    this.#isReading = true;
    this.#end = () => {
      if (this.#reader !== undefined) this.redis.client('UNBLOCK', this.#reader).catch(() => undefined);
    };
    try {
      return await read;
    } finally {
      this.#isReading = false;
      this.#end = undefined;
    }
  }
}
