import { away } from './commit-errors.js';
import type { CommitKind } from './commit-kind.js';

/** The most items of one group. */
export const MAX_GROUP_ITEMS = 200;
/** The most bytes of one group: 4 MiB. */
export const MAX_GROUP_BYTES = 4 * 1_048_576;
/** The most items that wait for a commit; more are refused at once. */
export const MAX_WAITING_ITEMS = 10_000;
/** The most bytes that wait for a commit: 64 MiB; more are refused at once. */
export const MAX_WAITING_BYTES = 64 * 1_048_576;

/** An item that waits for its commit. */
export class Entry {
  /** A COMMIT with this item ended in an unknown way. */
  unknown = false;

  constructor(
    readonly kind: CommitKind<unknown, unknown>,
    readonly item: unknown,
    readonly bytes: number,
    readonly deadline: number | null,
    private readonly onCommitted: ((outcome: unknown) => void) | undefined,
    private readonly resolve: (outcome: unknown) => void,
    readonly fail: (error: unknown) => void,
  ) {}

  /** The commit is there. */
  settle(outcome: unknown): void {
    try {
      this.onCommitted?.(outcome);
      this.resolve(outcome);
    } catch (error) {
      this.fail(error);
    }
  }
}

/** What waits for a commit, in the order of its arrival. */
export class CommitQueue {
  /** Whether a deadline also ends the wait for what became of a COMMIT. */
  givesUpUnknown = false;
  readonly #entries: Entry[] = [];
  #bytes = 0;

  get size(): number {
    return this.#entries.length;
  }

  /** Whether this item would be one too many. */
  isFull(entry: Entry): boolean {
    return this.#entries.length >= MAX_WAITING_ITEMS || this.#bytes + entry.bytes > MAX_WAITING_BYTES;
  }

  /** When the first gives up that may; `Infinity` if nobody does. */
  firstDeadline(): number {
    return this.#entries.reduce((first, entry) => Math.min(first, this.#deadlineOf(entry)), Infinity);
  }

  push(entry: Entry): void {
    this.#entries.push(entry);
    this.#bytes += entry.bytes;
  }

  /** Takes the next group out: at most 200 items and 4 MiB, but always one. */
  takeGroup(): Entry[] {
    let bytes = 0;
    let count = 0;
    while (count < this.#entries.length && count < MAX_GROUP_ITEMS) {
      bytes += this.#entries[count]?.bytes ?? 0;
      if (count > 0 && bytes > MAX_GROUP_BYTES) break;
      count += 1;
    }
    return this.#remove(0, count);
  }

  /** Puts a group back before everything else, or behind the first `after` that were put back before. */
  putBack(group: readonly Entry[], after = 0): void {
    this.#entries.splice(after, 0, ...group);
    for (const entry of group) this.#bytes += entry.bytes;
  }

  /** Fails those whose deadline has passed, unless a COMMIT with them ended in an unknown way and that is still asked for. */
  dropLate(now: number): void {
    for (let at = this.#entries.length - 1; at >= 0; at -= 1) {
      const entry = this.#entries[at];
      if (entry === undefined || this.#deadlineOf(entry) > now) continue;
      this.#remove(at, 1);
      entry.fail(away('it did not answer in time'));
    }
  }

  #deadlineOf({ deadline, unknown }: Entry): number {
    return deadline === null || (unknown && !this.givesUpUnknown) ? Infinity : deadline;
  }

  /** Takes everything out. */
  clear(): Entry[] {
    return this.#remove(0, this.#entries.length);
  }

  #remove(from: number, count: number): Entry[] {
    const removed = this.#entries.splice(from, count);
    for (const entry of removed) this.#bytes -= entry.bytes;
    return removed;
  }
}
