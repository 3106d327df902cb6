import type { StreamGroup } from './stream-group.js';

/**
 * Acknowledges entries, those of one turn together. What Redis is not told now it is told when it is back; what it is never told comes
 * again and is a duplicate.
 */
export class StreamAcks {
  readonly #ids: string[] = [];
  #sending: Promise<void> | undefined;

  constructor(private readonly group: Pick<StreamGroup, 'acknowledge'>) {}

  add(id: string): void {
    this.#ids.push(id);
    this.#sending ??= this.#send().finally(() => (this.#sending = undefined));
  }

  /** Resolves when Redis was told everything. */
  async flush(): Promise<void> {
    while (this.#sending !== undefined) await this.#sending;
  }

  async #send(): Promise<void> {
    while (this.#ids.length > 0) {
      // Other messages of this commit go with it.
      await new Promise((resolve) => setImmediate(resolve));
      await this.group.acknowledge(this.#ids.splice(0)).catch(() => undefined);
    }
  }
}
