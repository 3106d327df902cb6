import { MAX_BYTES_PER_POLL, MAX_FIRINGS_PER_POLL } from '../../model/trigger-result.js';
import type { FireItem } from '../../model/trigger-result.js';

/** One poll looks for so long, of the 30 s that it may take; the next one goes on. */
export const LOOK_MS = 10_000;

/** What one poll fires: as many items as it may, with room for what JSON adds. */
export class ItemPage<C extends object> {
  readonly #items: FireItem<C>[] = [];
  #bytes = 0;

  constructor(private readonly most = MAX_FIRINGS_PER_POLL) {}

  get items(): readonly FireItem<C>[] {
    return this.#items;
  }

  /** Takes an item if there is room. One alone always has: whether it is too large is judged where all items are. */
  add(item: FireItem<C>): boolean {
    const bytes = sizeOf(item.context);
    const fits = this.#items.length < this.most && this.#bytes + bytes <= MAX_BYTES_PER_POLL;
    if (!fits && this.#items.length > 0) return false;
    this.#items.push(item);
    this.#bytes += bytes;
    return true;
  }
}

/** What JSON cannot carry becomes a dead letter of its own later, and counts nothing here. */
function sizeOf(context: object | undefined): number {
  try {
    return Buffer.byteLength(JSON.stringify(context) ?? '');
  } catch {
    return 0;
  }
}
