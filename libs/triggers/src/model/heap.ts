/** A binary heap: the smallest item by `before` is on top. Items know nothing of it; removal is by leaving them stale. */
export class Heap<T> {
  readonly #items: T[] = [];

  constructor(private readonly before: (a: T, b: T) => boolean) {}

  get size(): number {
    return this.#items.length;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    const items = this.#items;
    let at = items.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = items[parent] as T;
      if (!this.before(item, above)) break;
      items[at] = above;
      at = parent;
    }
    items[at] = item;
  }

  pop(): T | undefined {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    if (last !== undefined && items.length > 0) this.#sink(last);
    return top;
  }

  /** Leaves only the items that `stays` wants. Costs as much as looking at each once. */
  retain(stays: (item: T) => boolean): void {
    const items = this.#items;
    let kept = 0;
    for (const item of items) if (stays(item)) items[kept++] = item;
    items.length = kept;
    for (let at = (kept >> 1) - 1; at >= 0; at -= 1) this.#sink(items[at] as T, at);
  }

  #sink(item: T, from = 0): void {
    const items = this.#items;
    const half = items.length >> 1;
    let at = from;
    while (at < half) {
      let child = 2 * at + 1;
      if (child + 1 < items.length && this.before(items[child + 1] as T, items[child] as T)) child += 1;
      const below = items[child] as T;
      if (!this.before(below, item)) break;
      items[at] = below;
      at = child;
    }
    items[at] = item;
  }
}
