import type { Job, Worker as BullWorker } from 'bullmq';
import type { Clock, TimerHandle } from '../../../model/clock.js';
import { isTriggersError } from '../../../model/errors.js';
import { isId } from '../../../model/ids.js';
import type { ExecutionId } from '../../../model/ids.js';
import type { ClaimedTask } from '../../../store/claimer.js';
import { CLAIM_MESSAGES, keyOf } from '../../../store/commits/claim-messages.commit.js';
import type { MessageItem, MessageOutcome } from '../../../store/commits/claim-messages.commit.js';
import type { Store } from '../../../store/store.service.js';
import { SWEEP_MS } from '../table-claims.js';
import type { TransportHost } from '../transport.js';
import type { BullMqPackages } from '../../../redis/redis-packages.js';
import { withPatience } from '../../../redis/patience.js';
import type { RedisLink } from './redis-link.js';

/** BullMQ starts again to fetch at most this often. */
const RESUME_EVERY_MS = 20;
/** A message waits for a slot for so long before it goes back for others. */
const HOLD_MS = 100;
/** After so long others see a message that goes back. */
const PUT_BACK_MS = 10;

const OPTIONS = {
  // Nothing is kept: a job that stays would swallow its successor, and history is ours.
  removeOnComplete: { count: 0 },
  removeOnFail: { count: 0 },
  // Who dies is found out by our own lease; a message that comes again is refused by the row.
  maxStalledCount: 1_000,
  runRetryDelay: 1_000,
} as const;

/**
 * Hears the messages of one pool. A message is claimed by compare-and-set on its row, and is done when the body has ended, so that
 * BullMQ hands this node no more than it can run. Tasks that came otherwise need slots too: BullMQ is told how many are left, and a
 * message that finds none, and for a moment gets none, goes back for others; then this node fetches nothing until a body has ended.
 */
export class MessageConsumer {
  /** Whether the queue was empty when it was last asked. */
  isDrained = false;
  #bull: BullWorker | undefined;
  #host: TransportHost | undefined;
  /** Messages that are being claimed. */
  #looking = 0;
  /** Tasks that run here because of a message, with what ends it. */
  readonly #running = new Map<string, () => void>();
  /** Messages that wait for a slot. */
  readonly #waiting: (() => void)[] = [];
  #resumedAt = Number.NEGATIVE_INFINITY;
  #resuming: TimerHandle | undefined;

  constructor(
    private readonly name: string,
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly link: RedisLink,
    private readonly bullmq: BullMqPackages['bullmq'],
  ) {}

  start(host: TransportHost): void {
    this.#host = host;
    this.isDrained = false;
    const hear = (job: Job, token?: string): Promise<void> => this.#hear(job, token);
    this.#bull = new this.bullmq.Worker(this.name, hear, {
      ...OPTIONS,
      connection: this.link.hearing,
      concurrency: host.concurrency,
    });
    this.#bull.on('drained', () => (this.isDrained = true));
    // A lost connection is told by the link; a lease that BullMQ lost on a message means nothing.
    this.#bull.on('error', () => undefined);
  }

  /** Lets BullMQ fetch as many messages as there are slots for. `spare`: slots that nothing holds. */
  fit(spare: number): void {
    const bull = this.#bull;
    if (bull === undefined || this.#host === undefined) return;
    const before = bull.concurrency;
    const held = this.#looking + this.#running.size;
    bull.concurrency = Math.min(Math.max(held + spare, 1), this.#host.concurrency);
    // Where all that it may have is here, BullMQ sleeps until one of them is done.
    if (spare > 0 && (bull.isPaused() || held >= before)) this.#resume(bull);
  }

  /** The body of a task has left its slot. */
  slotFreed({ facts, task }: ClaimedTask): void {
    const key = keyOf({ executionId: facts.executionId, task });
    this.#running.get(key)?.();
    this.#running.delete(key);
    this.#waiting.shift()?.();
  }

  /** Hears nothing more, and gives BullMQ back what it waits for. */
  async stop(): Promise<void> {
    const bull = this.#bull;
    if (bull === undefined) return;
    this.#host = undefined;
    this.#bull = undefined;
    this.#resuming?.clear();
    this.#resuming = undefined;
    for (const end of this.#running.values()) end();
    this.#running.clear();
    for (const goOn of this.#waiting.splice(0)) goOn();
    await withPatience(this.clock, bull.close(this.link.isAway));
    await withPatience(this.clock, bull.getBackend().close(true));
  }

  async #hear(job: Job, token: string | undefined): Promise<void> {
    this.isDrained = false;
    const message = messageOf(job.data);
    if (message === null) return;
    const task = new Promise<void>((resolve) => (message.end = resolve));
    const outcome = await this.#claimInTime(message);
    if (outcome === 'claimed') return task;
    if (outcome === 'refused') return;
    void this.#bull?.pause(true);
    // As delayed, for a moment: BullMQ wakes nobody for what is moved to wait.
    await job.moveToDelayed(Date.now() + PUT_BACK_MS, token);
    if (this.#host !== undefined) this.fit(this.#host.freeSlots);
    throw new this.bullmq.DelayedError();
  }

  async #claimInTime(message: Message): Promise<MessageOutcome> {
    this.#looking += 1;
    try {
      const deadline = this.clock.monotonic() + HOLD_MS;
      let outcome = await this.#claim(message);
      while (outcome === 'full' && (await this.#slot(deadline))) outcome = await this.#claim(message);
      // The slot that it was woken for is still free.
      if (outcome === 'refused') this.#waiting.shift()?.();
      return outcome;
    } finally {
      this.#looking -= 1;
    }
  }

  /** Waits until a slot becomes free. Tasks that follow from those that end have it first. */
  async #slot(deadline: number): Promise<boolean> {
    const leftMs = deadline - this.clock.monotonic();
    if (this.#host === undefined || leftMs <= 0) return false;
    let goOn = (): void => undefined;
    const freed = new Promise<void>((resolve) => (goOn = resolve));
    this.#waiting.push(goOn);
    const timer = this.clock.setTimer(goOn, leftMs);
    await freed;
    timer.clear();
    const at = this.#waiting.indexOf(goOn);
    if (at >= 0) this.#waiting.splice(at, 1);
    return at < 0;
  }

  async #claim(message: Message): Promise<MessageOutcome> {
    if (this.#host === undefined) return 'full';
    try {
      return await this.store.commits.submit(CLAIM_MESSAGES, message, {
        deadlineMs: SWEEP_MS,
        // In the turn of the commit, before the task can end.
        onCommitted: (outcome) => {
          if (outcome === 'claimed') this.#running.set(keyOf(message), message.end);
        },
      });
    } catch (error) {
      // While the database is away messages wait in Redis; one that it cannot read is no message.
      return isTriggersError(error, 'TRG_STORE_UNAVAILABLE') ? 'full' : 'refused';
    }
  }

  #resume(bull: BullWorker): void {
    if (this.#resuming !== undefined) return;
    const waitMs = this.#resumedAt + RESUME_EVERY_MS - this.clock.monotonic();
    if (waitMs <= 0) return this.#resumeNow(bull);
    this.#resuming = this.clock.setTimer(() => {
      this.#resuming = undefined;
      this.#resumeNow(bull);
    }, waitMs);
  }

  /** Only a pause wakes it from its sleep. */
  #resumeNow(bull: BullWorker): void {
    this.#resumedAt = this.clock.monotonic();
    if (!bull.isPaused()) void bull.pause(true);
    void bull.resume();
  }
}

/** A message, and what tells BullMQ that it is done. */
interface Message extends MessageItem {
  end: () => void;
}

/** What a message says; `null` when it is none of ours. */
function messageOf(data: unknown): Message | null {
  const { executionId, task } = (data ?? {}) as Record<string, unknown>;
  if (typeof executionId !== 'string' || !isId(executionId) || typeof task !== 'string') return null;
  return { executionId: executionId as ExecutionId, task, end: () => undefined };
}
