import type { Cluster } from './cluster.js';
import type { Customer, Effect } from './customer.js';
import type { Feed } from './feed.js';

/** How much of the work is done when a worker dies, and how much has been brought when the scheduler does. */
const WORKER_DIES_AFTER = 0.25;
const SCHEDULER_DIES_AFTER = 0.6;

/** Told of what happens to whom. */
export type Tell = (text: string) => void;

/** What goes wrong on the way. */
export class Misfortunes {
  #scheduler: 'untouched' | 'struck' | 'back' = 'untouched';
  #workerIsDead = false;

  constructor(
    private readonly cluster: Cluster,
    private readonly feed: Feed,
    private readonly tell: Tell,
  ) {}

  /** Both have happened, and the scheduler is back. */
  get areOver(): boolean {
    return this.#workerIsDead && this.#scheduler === 'back';
  }

  /**
   * Kills a worker at the worst moment there is: the customer has the report and has not answered yet, so nobody knows that it was
   * delivered. Nobody starts that worker again.
   */
  watch(customer: Customer): void {
    customer.onTaken = async ({ by, name }: Effect) => {
      const worker = this.cluster.workers.find((node) => node.name === by);
      const enough = customer.taken.length > this.feed.names.length * WORKER_DIES_AFTER;
      if (this.#workerIsDead || !enough || worker === undefined) return;
      this.#workerIsDead = true;
      await worker.kill();
      this.tell(`kill -9 ${by}, in the middle of delivering ${name}`);
    };
  }

  /**
   * Kills the scheduler, once, and starts it again, as its supervisor would. To be called now and then.
   *
   * @throws Error when it does not come back
   */
  async look(): Promise<void> {
    const { dropped, called, names } = this.feed;
    if (this.#scheduler !== 'untouched' || dropped + called < names.length * SCHEDULER_DIES_AFTER) return;
    this.#scheduler = 'struck';
    const { scheduler } = this.cluster;
    await scheduler.kill();
    this.tell(`kill -9 ${scheduler.name}: nobody polls, and nobody answers over HTTP`);
    await scheduler.start();
    this.#scheduler = 'back';
    this.tell(
      `${scheduler.name} is started again (process ${scheduler.pid}); it takes the inbox over when the lease of its former life has run out`,
    );
  }
}
