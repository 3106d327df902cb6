import type { Redis } from 'ioredis';
import { errorMessage } from '../../../model/text.js';
import type { ResolvedRedisStreamOptions } from './redis-stream.options.js';
import type { StreamEntry } from './stream-entry.js';

/** Consumers of processes that are long gone are taken out of the group an hour after they were heard of last. */
const FORGOTTEN_AFTER_MS = 3_600_000;
/** What the names of our consumers begin with, unless the author named them. */
export const CONSUMER_PREFIX = 'nestjs-triggers:';
/** So many ids stand in one command. */
const MAX_IDS = 500;

/** Takes a consumer out of its group if it has nothing in hand; what it had would be lost with it. */
const FORGET_CONSUMER = `
  if #redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1, ARGV[2]) > 0 then return 0 end
  return redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])`;

/** The commands of one consumer of a group. They reject as ioredis does. */
export class StreamGroup {
  constructor(
    private readonly redis: Redis,
    private readonly options: Pick<ResolvedRedisStreamOptions, 'stream' | 'group' | 'startFrom' | 'takeOverAfterMs'>,
    private readonly consumer: string,
  ) {}

  /** Makes the group, and the stream, where they are not there. */
  async make(): Promise<void> {
    const { stream, group, startFrom } = this.options;
    try {
      await this.redis.xgroup('CREATE', stream, group, startFrom === 'oldest' ? '0' : '$', 'MKSTREAM');
    } catch (error) {
      if (!errorMessage(error).startsWith('BUSYGROUP')) throw error;
    }
  }

  /**
   * Waits for entries that nobody has seen.
   *
   * @param reader a connection of its own, because it waits
   */
  async read(reader: Redis, count: number, waitMs: number): Promise<readonly StreamEntry[]> {
    const { stream, group } = this.options;
    const answer = (await reader.xreadgroup(
      'GROUP',
      group,
      this.consumer,
      'COUNT',
      count,
      'BLOCK',
      waitMs,
      'STREAMS',
      stream,
      '>',
    )) as readonly [string, readonly StreamEntry[]][] | null;
    return answer?.[0]?.[1] ?? [];
  }

  /** Takes over what somebody has had in hand for too long, from `cursor` on; the next cursor is `0-0` when that was all. */
  async takeOver(
    cursor: string,
    count: number,
  ): Promise<{ readonly next: string; readonly entries: readonly StreamEntry[] }> {
    const { stream, group, takeOverAfterMs } = this.options;
    const [next, entries] = (await this.redis.xautoclaim(
      stream,
      group,
      this.consumer,
      takeOverAfterMs,
      cursor,
      'COUNT',
      count,
    )) as [string, (StreamEntry | null)[]];
    return { next, entries: entries.filter((entry) => entry !== null) };
  }

  /** Takes entries again that are in hand here, or were. Those that were deleted from the stream are not answered. */
  async takeAgain(ids: readonly string[]): Promise<readonly StreamEntry[]> {
    const { stream, group } = this.options;
    const entries = (await this.redis.xclaim(stream, group, this.consumer, 0, ...ids)) as (StreamEntry | null)[];
    return entries.filter((entry) => entry !== null);
  }

  /** Says that these are still in hand, so that nobody takes them over. */
  async refresh(ids: readonly string[]): Promise<void> {
    const { stream, group } = this.options;
    for (let at = 0; at < ids.length; at += MAX_IDS)
      await this.redis.xclaim(stream, group, this.consumer, 0, ...ids.slice(at, at + MAX_IDS), 'JUSTID');
  }

  /** How often an entry was delivered so far. */
  async deliveriesOf(id: string): Promise<number> {
    const { stream, group } = this.options;
    const [row] = (await this.redis.xpending(stream, group, id, id, 1)) as [string, string, number, number][];
    return row?.[3] ?? 1;
  }

  /** What Redis believes this consumer to have in hand, the oldest first. */
  async ownPending(): Promise<readonly string[]> {
    const { stream, group } = this.options;
    const rows = (await this.redis.xpending(stream, group, '-', '+', MAX_IDS, this.consumer)) as [string][];
    return rows.map(([id]) => id);
  }

  async acknowledge(ids: readonly string[]): Promise<void> {
    const { stream, group } = this.options;
    for (let at = 0; at < ids.length; at += MAX_IDS)
      await this.redis.xack(stream, group, ...ids.slice(at, at + MAX_IDS));
  }

  /** Takes this consumer out of the group, unless it has something in hand. */
  async leave(): Promise<void> {
    await this.#forget(this.consumer);
  }

  /** Takes out of the group what processes that died have left of themselves. */
  async forgetDead(): Promise<void> {
    const { stream, group } = this.options;
    const rows = (await this.redis.xinfo('CONSUMERS', stream, group)) as (string | number)[][];
    for (const row of rows) {
      const facts = Object.fromEntries(pairs(row)) as {
        readonly name: string;
        readonly pending: number;
        readonly idle: number;
      };
      const isDead = facts.name.startsWith(CONSUMER_PREFIX) && facts.pending === 0 && facts.idle > FORGOTTEN_AFTER_MS;
      if (isDead) await this.#forget(facts.name);
    }
  }

  async #forget(consumer: string): Promise<void> {
    await this.redis.eval(FORGET_CONSUMER, 1, this.options.stream, this.options.group, consumer);
  }
}

/** Somebody has deleted the stream or the group. */
export function isGone(error: unknown): boolean {
  return /^(NOGROUP|UNBLOCKED)/.test(errorMessage(error));
}

function* pairs(row: readonly (string | number)[]): Generator<[string, string | number]> {
  for (let at = 0; at + 1 < row.length; at += 2) yield [String(row[at]), row[at + 1] as string | number];
}
