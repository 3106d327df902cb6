/** So many may wait to come again before nothing new is taken. */
const MAX_WAITING = 1_000;

/** What one consumer of a group has in hand, and what it is to take again later. Both count as taken until they are acknowledged. */
export class EntriesInHand {
  readonly #inHand = new Set<string>();
  /** When what is to come again is due, by its id. */
  readonly #waiting = new Map<string, number>();

  /** In hand now; what waits does not count. */
  get size(): number {
    return this.#inHand.size;
  }

  /** So much is to come again that nothing new is taken. */
  get isCrowded(): boolean {
    return this.#waiting.size >= MAX_WAITING;
  }

  /** Everything that Redis is to leave here. */
  get ids(): readonly string[] {
    return [...this.#inHand, ...this.#waiting.keys()];
  }

  has(id: string): boolean {
    return this.#inHand.has(id) || this.#waiting.has(id);
  }

  take(id: string): void {
    this.#waiting.delete(id);
    this.#inHand.add(id);
  }

  /** Acknowledged, or not there any more. */
  drop(id: string): void {
    this.#inHand.delete(id);
    this.#waiting.delete(id);
  }

  /** Comes again, not before that instant. */
  putOff(id: string, dueAt: number): void {
    this.#inHand.delete(id);
    this.#waiting.set(id, dueAt);
  }

  /** The ids that are due, at most so many. */
  due(now: number, limit: number): readonly string[] {
    const due: string[] = [];
    for (const [id, at] of this.#waiting) {
      if (due.length >= limit) break;
      if (at <= now) due.push(id);
    }
    return due;
  }

  /** When the next one is due; `Infinity` when none waits. */
  nextDue(): number {
    let next = Infinity;
    for (const at of this.#waiting.values()) next = Math.min(next, at);
    return next;
  }
}
