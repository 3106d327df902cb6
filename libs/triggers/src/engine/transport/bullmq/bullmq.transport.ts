import type { Clock } from '../../../model/clock.js';
import { Wakeups } from '../../../model/timers.js';
import type { ClaimedTask, ReadyTask } from '../../../store/claimer.js';
import { SWEEP_MS, TableClaims } from '../table-claims.js';
import type { TableWish } from '../table-claims.js';
import { TaskTransport } from '../transport.js';
import type { TransportHost, TransportParts } from '../transport.js';
import type { ResolvedBullMqOptions } from './bullmq.options.js';
import type { BullMqPackages } from '../../../redis/redis-packages.js';
import { MessageConsumer } from './message-consumer.js';
import { withPatience } from '../../../redis/patience.js';
import { ReadyMessages, queueOf } from './ready-messages.js';
import { RedisLink } from './redis-link.js';

/** What has been ready for so long, while this node had a slot for it, has lost its message. */
export const OVERDUE_MS = 2_000;

/**
 * Nodes are told by BullMQ which tasks are ready. The task's row stays the truth and the outbox.
 *
 * - A commit of this node leaves tasks ready: after it, messages with their ids go to the queue of their pool, many at once, and
 *   nobody waits for that.
 * - Some node with a free slot hears a message and claims the row, by compare-and-set and together with other commits. A message
 *   about a row that is not ready any more is dropped.
 * - Every second each node looks into the table, as without BullMQ, for what has been ready for two seconds: its message was lost,
 *   or heard by a node that does not declare it. It claims as much as it has slots for; and where the queue was empty, so that
 *   no message can be on its way, it goes on as long as there is more.
 * - While Redis is away that look takes everything that is due, and commits of this node set it off at once.
 */
export class BullMqTransport extends TaskTransport {
  readonly #link: RedisLink;
  readonly #messages: ReadyMessages;
  readonly #consume: (pool: string) => MessageConsumer;
  /** One for each pool that this node serves. */
  #consumers: readonly MessageConsumer[] = [];
  readonly #claims: TableClaims;
  readonly #wakeups: Wakeups;
  readonly #clock: Clock;
  #host: TransportHost | undefined;
  /** Tasks are ready that nobody could name. */
  #someReady = false;

  constructor({ store, clock, timers }: TransportParts, options: ResolvedBullMqOptions, packages: BullMqPackages) {
    super();
    this.#clock = clock;
    this.#link = new RedisLink(packages.Redis, options.connection);
    this.#messages = new ReadyMessages(options.prefix, this.#link, packages.bullmq);
    this.#consume = (pool) =>
      new MessageConsumer(queueOf(options.prefix, pool), store, clock, this.#link, packages.bullmq);
    this.#claims = new TableClaims(store, () => this.#wish());
    this.#wakeups = new Wakeups(clock, 'triggers:claims', timers);
  }

  open(): void {
    this.#link.open();
  }

  start(host: TransportHost): void {
    this.#host = host;
    this.#link.hear();
    this.#consumers = host.pools.map(this.#consume);
    for (const consumer of this.#consumers) consumer.start(host);
    this.#claims.start(host);
    this.#sweep();
  }

  wake(inMs: number, tasks: readonly ReadyTask[]): void {
    this.#messages.tell(tasks);
    if (this.#host === undefined || inMs >= SWEEP_MS || (tasks.length > 0 && !this.#link.isAway)) return;
    if (inMs > 0) this.#wakeups.after(inMs, () => this.#lookForSome());
    else this.#lookForSome();
  }

  /** Its messages come by themselves. */
  noticed(): void {
    if (this.#link.isAway) this.#lookForSome();
  }

  slotFreed(task: ClaimedTask): void {
    for (const consumer of this.#consumers) consumer.slotFreed(task);
    this.#fit();
    this.#claims.slotFreed();
  }

  async stop(): Promise<void> {
    this.#host = undefined;
    this.#wakeups.clear();
    await Promise.all([...this.#consumers.map((consumer) => consumer.stop()), this.#claims.stop()]);
    this.#link.endHearing();
  }

  async close(): Promise<void> {
    await withPatience(this.#clock, this.#messages.close());
    this.#link.endTelling();
  }

  #sweep(): void {
    this.#wakeups.after(SWEEP_MS, () => this.#sweep());
    this.#fit();
    void this.#claims.look();
  }

  #fit(): void {
    if (this.#host === undefined) return;
    for (const consumer of this.#consumers) consumer.fit(this.#host.freeSlots);
  }

  #lookForSome(): void {
    this.#someReady = true;
    this.#claims.wake();
  }

  #wish(): TableWish {
    const all = this.#someReady || this.#link.isAway;
    this.#someReady = false;
    return all
      ? { overdueMs: 0, goesOn: this.#link.isAway }
      : { overdueMs: OVERDUE_MS, goesOn: this.#consumers.every(({ isDrained }) => isDrained) };
  }
}
