import { Logger } from '@nestjs/common';
import type { Redis, RedisOptions } from 'ioredis';
import { errorMessage } from '../../../model/text.js';
import { connectRedis } from '../../../redis/redis-connection.js';
import type { BullMqPackages } from '../../../redis/redis-packages.js';
import type { ResolvedBullMqOptions } from './bullmq.options.js';

/** A Redis that hangs has not answered after so long. */
const COMMAND_TIMEOUT_MS = 2_000;

/** What is told fails at once while Redis is away: the rows are found by the sweep. */
const TELLING: RedisOptions = {
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  commandTimeout: COMMAND_TIMEOUT_MS,
};

/** A consumer waits for Redis as long as it takes; BullMQ refuses anything else. */
const HEARING: RedisOptions = { enableOfflineQueue: true, maxRetriesPerRequest: null };

/**
 * The connections to Redis of one node, and whether it answers. Says once when it is away and once when it is back, and never
 * what it was connected with.
 */
export class RedisLink {
  readonly #logger = new Logger('transport');
  #telling: Redis | undefined;
  #hearing: Redis | undefined;
  /** The last message was refused although the connection stands: out of memory, read only, no answer. */
  #refused = false;
  #saidAway = false;

  constructor(
    private readonly Redis: BullMqPackages['Redis'],
    private readonly connection: ResolvedBullMqOptions['connection'],
  ) {}

  /** Connects for telling, without waiting for it. */
  open(): void {
    if (this.#telling !== undefined) return;
    this.#telling = this.#connect(TELLING);
    this.#telling.on('ready', () => this.worked());
    this.#telling.on('error', (error: unknown) => this.#away(error));
    this.#telling.on('close', () => this.#away(new Error('the connection was closed')));
  }

  /** Connects for telling and hearing. */
  hear(): void {
    this.open();
    this.#hearing = this.#connect(HEARING);
    // The other connection tells it.
    this.#hearing.on('error', () => undefined);
  }

  /** The connection for messages that are told, while it stands. */
  get telling(): Redis | undefined {
    return this.#telling?.status === 'ready' ? this.#telling : undefined;
  }

  /** The connection for messages that are heard. */
  get hearing(): Redis {
    return this.#hearing as Redis;
  }

  /** Whether messages get lost now. */
  get isAway(): boolean {
    return this.telling === undefined || this.#refused;
  }

  /** Redis took something. */
  worked(): void {
    this.#refused = false;
    if (!this.#saidAway) return;
    this.#saidAway = false;
    this.#logger.log('Redis is back; nodes are told by messages again which tasks are ready.');
  }

  /** Redis refused something. */
  failed(error: unknown): void {
    this.#refused = true;
    this.#away(error);
  }

  /** Ends the connection for hearing. */
  endHearing(): void {
    this.#hearing?.disconnect();
    this.#hearing = undefined;
  }

  /** Ends the connection for telling. */
  endTelling(): void {
    const ending = this.#telling;
    this.#telling = undefined;
    ending?.disconnect();
  }

  #connect(own: RedisOptions): Redis {
    return connectRedis(this.Redis, this.connection, own);
  }

  #away(error: unknown): void {
    if (this.#saidAway || this.#telling === undefined) return;
    this.#saidAway = true;
    this.#logger.warn(
      `Redis is away: ${errorMessage(error)}. Nothing is lost; until it is back, nodes look for ready tasks in the database.`,
    );
  }
}
