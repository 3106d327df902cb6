/**
 * A binary heap: the item with the smallest key is on top; of equal keys the one that came first. Items know nothing of
 * it; removal is by leaving them stale.
 *
 * Keys lie side by side and no item is touched before it is on top: with 10,000 items, reading them is what costs.
 */
export class Heap<T> {
  readonly #keys: number[] = [];
  readonly #orders: number[] = [];
  readonly #items: T[] = [];
  #order = 0;

  get size(): number {
    return this.#items.length;
  }

  /** The smallest key; infinity when it is empty. */
  get topKey(): number {
    return this.#items.length === 0 ? Number.POSITIVE_INFINITY : (this.#keys[0] as number);
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  push(key: number, item: T): void {
    const order = this.#order++;
    let at = this.#items.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      // What is above came earlier, so it stays there if the keys are equal.
      if ((this.#keys[parent] as number) <= key) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#put(at, key, order, item);
  }

  pop(): T | undefined {
    const top = this.#items[0];
    const key = this.#keys.pop();
    const order = this.#orders.pop();
    const item = this.#items.pop();
    if (this.#items.length > 0) this.#sink(key as number, order as number, item as T);
    return top;
  }

  /** Leaves only the items that `stays` wants. Costs as much as looking at each once. */
  retain(stays: (item: T) => boolean): void {
    let kept = 0;
    for (let at = 0; at < this.#items.length; at += 1) if (stays(this.#items[at] as T)) this.#move(at, kept++);
    this.#keys.length = this.#orders.length = this.#items.length = kept;
    for (let at = (kept >> 1) - 1; at >= 0; at -= 1) {
      this.#sink(this.#keys[at] as number, this.#orders[at] as number, this.#items[at] as T, at);
    }
  }

  #sink(key: number, order: number, item: T, from = 0): void {
    const size = this.#items.length;
    let at = from;
    for (let child = 2 * at + 1; child < size; child = 2 * at + 1) {
      const other = child + 1;
      if (other < size && this.#isBefore(other, this.#keys[child] as number, this.#orders[child] as number))
        child = other;
      if (!this.#isBefore(child, key, order)) break;
      this.#move(child, at);
      at = child;
    }
    this.#put(at, key, order, item);
  }

  #isBefore(at: number, key: number, order: number): boolean {
    const own = this.#keys[at] as number;
    return own < key || (own === key && (this.#orders[at] as number) < order);
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#keys[from] as number, this.#orders[from] as number, this.#items[from] as T);
  }

  #put(at: number, key: number, order: number, item: T): void {
    this.#keys[at] = key;
    this.#orders[at] = order;
    this.#items[at] = item;
  }
}
