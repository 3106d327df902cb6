import type { Cluster } from './cluster.js';
import type { Customer, Effect } from './customer.js';
import type { Feed } from './feed.js';
import type { NodeProcess } from './node-process.js';

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

  /** Both have happened, and whoever was started again is back. */
  get areOver(): boolean {
    const { nodes } = this.cluster;
    const areSettled = nodes.every(({ state, hasDied }) => state === 'killed' || (state === 'lives' && !hasDied));
    return this.#workerIsDead && this.#scheduler === 'back' && areSettled;
  }

  /**
   * Kills a worker at the worst moment there is: the customer has the report and has not answered yet, so nobody knows that it was
   * delivered. Nobody starts that worker again.
   */
  watch(customer: Customer): void {
    customer.onTaken = async ({ by, name }: Effect) => {
      const worker = this.cluster.workers.find((node) => node.name === by);
      const enough = customer.taken.length > this.feed.names.length * WORKER_DIES_AFTER;
      if (this.#workerIsDead || !enough || worker?.state !== 'lives') return;
      this.#workerIsDead = true;
      await worker.kill();
      this.tell(`kill -9 ${by}, in the middle of delivering ${name}`);
    };
  }

  /**
   * Kills the scheduler, once, and starts it again, as its supervisor would; starts whoever somebody else has killed. To be called
   * now and then.
   *
   * @throws Error when one does not come back
   */
  async look(): Promise<void> {
    await Promise.all([this.#strikeScheduler(), ...this.cluster.nodes.map((node) => this.#revive(node))]);
  }

  async #strikeScheduler(): Promise<void> {
    const { dropped, called, names } = this.feed;
    const { scheduler } = this.cluster;
    const enough = dropped + called >= names.length * SCHEDULER_DIES_AFTER;
    if (this.#scheduler !== 'untouched' || !enough || scheduler.state !== 'lives') return;
    this.#scheduler = 'struck';
    await scheduler.kill();
    this.tell(`kill -9 ${scheduler.name}: nobody polls, and nobody answers over HTTP`);
    await scheduler.start();
    this.#scheduler = 'back';
    this.tell(
      `${scheduler.name} is started again (process ${scheduler.pid}); it takes the inbox over when the lease of its former life has run out`,
    );
  }

  async #revive(node: NodeProcess): Promise<void> {
    if (!node.hasDied) return;
    this.tell(`${node.name} has died, and not by our hand`);
    await node.start();
    this.tell(`${node.name} is started again (process ${node.pid})`);
  }
}
