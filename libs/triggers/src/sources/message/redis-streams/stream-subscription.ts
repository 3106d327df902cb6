import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Redis, RedisOptions } from 'ioredis';
import { SystemClock } from '../../../model/clock.js';
import type { TimerHandle } from '../../../model/clock.js';
import { withPatience } from '../../../redis/patience.js';
import { connectRedis } from '../../../redis/redis-connection.js';
import type { RedisPackages } from '../../../redis/redis-packages.js';
import { BrokerLink } from '../broker-link.js';
import type { MessageHandler, MessageSubscription, SubscribeOptions } from '../message-source.js';
import { EntriesInHand } from './entries-in-hand.js';
import type { ResolvedRedisStreamOptions } from './redis-stream.options.js';
import { addedAt, contentOf } from './stream-entry.js';
import type { StreamEntry } from './stream-entry.js';
import { CONSUMER_PREFIX, StreamGroup, isGone } from './stream-group.js';
import { StreamAcks } from './stream-acks.js';
import { Wakeable } from './wakeable.js';

const CONNECTION: RedisOptions = { enableOfflineQueue: true, maxRetriesPerRequest: null };
/** A read waits for entries no longer than this; then it looks at what else there is to do. */
const MAX_WAIT_MS = 1_000;
/** Redis refused a command: the next try. */
const TRY_AGAIN_MS = 1_000;

interface StreamSubscriptionOptions extends SubscribeOptions {
  readonly options: ResolvedRedisStreamOptions;
  readonly packages: RedisPackages;
}

/**
 * One subscription to a stream: one loop that takes, while there is room in hand, what is due again, what others have left, and what
 * nobody has seen, in this order. Reading waits on a connection of its own and is woken when there is something else to do.
 *
 * Whatever Redis has given this consumer and the consumer does not know, because an answer was lost with the connection, is taken again after
 * every connect.
 */
export class StreamSubscription implements MessageSubscription {
  readonly #clock = new SystemClock();
  readonly #link: BrokerLink;
  readonly #redis: Redis;
  readonly #reader: Redis;
  readonly #group: StreamGroup;
  readonly #acks: StreamAcks;
  readonly #entries = new EntriesInHand();
  readonly #wake: Wakeable;
  readonly #loop: Promise<void>;
  #refreshing: TimerHandle | undefined;
  #isPaused = false;
  #isStopped = false;
  /** Whether the group stands, as far as this consumer knows. */
  #isMade = false;
  #takeOverAt = 0;
  #takeOverFrom = '0-0';

  constructor(
    private readonly handler: MessageHandler,
    private readonly given: StreamSubscriptionOptions,
  ) {
    const { options, packages } = given;
    this.#link = new BrokerLink(given);
    this.#redis = connectRedis(packages.Redis, options.connection, CONNECTION);
    this.#reader = connectRedis(packages.Redis, options.connection, CONNECTION);
    this.#group = new StreamGroup(this.#redis, options, options.consumer ?? newConsumer());
    this.#acks = new StreamAcks(this.#group);
    this.#wake = new Wakeable(this.#redis, this.#reader, this.#clock);
    for (const one of [this.#redis, this.#reader]) {
      one.on('error', (error: unknown) => this.#link.away(error));
      one.on('close', () => this.#lost());
    }
    this.#redis.on('ready', () => this.#link.back());
    this.#refreshLater();
    this.#loop = this.#run();
  }

  pause(): void {
    this.#isPaused = true;
    this.#wake.now();
  }

  resume(): void {
    this.#isPaused = false;
    this.#wake.now();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#wake.now();
    await withPatience(this.#clock, this.#loop);
    this.#reader.removeAllListeners('close');
    this.#reader.disconnect();
  }

  async close(): Promise<void> {
    this.#refreshing?.clear();
    await withPatience(this.#clock, this.#acks.flush());
    if (this.given.options.consumer === null) await withPatience(this.#clock, this.#group.leave());
    this.#redis.removeAllListeners('close');
    this.#redis.disconnect();
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      try {
        await this.#takeSome();
      } catch (error) {
        if (this.#isStopped) return;
        if (isGone(error)) this.#isMade = false;
        else {
          this.#link.away(error);
          await this.#wake.idle(TRY_AGAIN_MS);
        }
      }
    }
  }

  /** Everything is looked at anew after the next connect: the server may be another one. */
  #lost(): void {
    this.#isMade = false;
    this.#link.away(new Error('the connection was closed'));
  }

  /** One turn of the loop. */
  async #takeSome(): Promise<void> {
    const room = this.given.prefetch - this.#entries.size;
    if (this.#isPaused || room <= 0) return this.#wake.idle(MAX_WAIT_MS);
    if (!this.#isMade) await this.#makeGroup();
    this.#link.back();
    const due = this.#entries.due(this.#clock.monotonic(), room);
    if (due.length > 0) return this.#takeAgain(due);
    if (this.#entries.isCrowded) return this.#wake.idle(this.#waitMs());
    if (this.#clock.monotonic() >= this.#takeOverAt) return this.#takeOver(room);
    const entries = await this.#wake.during(this.#group.read(this.#reader, room, this.#waitMs()));
    for (const entry of entries) this.#handOver(entry, 1);
  }

  async #makeGroup(): Promise<void> {
    await this.#group.make();
    this.#isMade = true;
    await this.#group.forgetDead();
    const unknown = (await this.#group.ownPending()).filter((id) => !this.#entries.has(id));
    for (const id of unknown) this.#entries.putOff(id, 0);
  }

  /** What was deleted from the stream in the meantime is not there any more. */
  async #takeAgain(due: readonly string[]): Promise<void> {
    const entries = await this.#group.takeAgain(due);
    const there = new Set(entries.map(([id]) => id));
    for (const id of due) if (!there.has(id)) this.#entries.drop(id);
    await this.#handOverAgain(entries);
  }

  async #takeOver(room: number): Promise<void> {
    const { next, entries } = await this.#group.takeOver(this.#takeOverFrom, room);
    this.#takeOverFrom = next;
    if (next === '0-0') this.#takeOverAt = this.#clock.monotonic() + this.given.options.takeOverAfterMs / 2;
    await this.#handOverAgain(entries.filter(([id]) => !this.#entries.has(id)));
  }

  async #handOverAgain(entries: readonly StreamEntry[]): Promise<void> {
    const deliveries = await Promise.all(entries.map(([id]) => this.#group.deliveriesOf(id)));
    for (const [at, entry] of entries.entries()) this.#handOver(entry, deliveries[at] ?? 1);
  }

  #handOver([id, fields]: StreamEntry, deliveries: number): void {
    if (fields === null) return this.#acks.add(id);
    if (this.#isStopped) return;
    this.#entries.take(id);
    const message = { id, ...contentOf(fields, this.given.options.body), deliveries, sentAt: addedAt(id) };
    void this.handler(message).then((settlement) => {
      if (settlement.settle === 'redeliver') return this.#putOff(id, settlement.afterMs);
      this.#entries.drop(id);
      this.#acks.add(id);
      this.#wake.nowIfIdle();
    });
  }

  #putOff(id: string, afterMs: number): void {
    this.#entries.putOff(id, this.#clock.monotonic() + afterMs);
    this.#wake.now();
  }

  #waitMs(): number {
    const now = this.#clock.monotonic();
    const next = Math.min(this.#entries.nextDue(), this.#takeOverAt);
    return Math.max(1, Math.min(MAX_WAIT_MS, next - now));
  }

  /** What takes long here is not to be taken over by others. */
  #refreshLater(): void {
    this.#refreshing = this.#clock.setTimer(() => {
      void this.#group.refresh(this.#entries.ids).catch(() => undefined);
      this.#refreshLater();
    }, this.given.options.takeOverAfterMs / 3);
  }
}

function newConsumer(): string {
  return `${CONSUMER_PREFIX}${hostname()}:${process.pid}:${randomBytes(4).toString('hex')}`;
}
