import { Injectable } from '@nestjs/common';

/** A job that waits. */
export interface QueuedJob {
  readonly number: number;
}

/** A queue in memory, in place of your Redis or SQS: what waits in it is gone when the process ends. */
@Injectable()
export class QueueService {
  #jobs: QueuedJob[] = [];
  #added = 0;
  #handled = 0;

  /** How many jobs wait. */
  get depth(): number {
    return this.#jobs.length;
  }

  /** How many jobs were handled since the start. */
  get handled(): number {
    return this.#handled;
  }

  /** Adds `count` jobs. */
  add(count: number): void {
    for (let job = 0; job < count; job++) this.#jobs.push({ number: ++this.#added });
  }

  /** Takes up to `count` jobs out, the oldest first. Two that take at once get different ones. */
  take(count: number): readonly QueuedJob[] {
    const taken = this.#jobs.slice(0, count);
    this.#jobs = this.#jobs.slice(count);
    this.#handled += taken.length;
    return taken;
  }
}
