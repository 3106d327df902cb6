import type { DemoClient } from './demo.client.js';
import type { Regularly } from './regularly.js';

const EVERY_MS = 2_000;
const PAGES = 5;

interface Page {
  readonly items: readonly { readonly id?: string }[];
  readonly next: string | null;
}

/** What a dashboard would ask for, in turn. */
const VIEWS = [
  '/executions?limit=100',
  '/executions?state=failed&limit=100',
  '/executions?workflow=file_processor&limit=200',
  '/file_watcher/firings?limit=100',
  '/file_watcher/ticks?limit=100',
  '/dead-letters?limit=100',
  '/audit?limit=100',
  '/nodes?limit=10',
  '/workflows?limit=10',
  '/?limit=50',
];

/** People who look: page after page of every list, and one execution with all of its tasks. */
export class Readers {
  #turn = 0;

  constructor(private readonly client: DemoClient) {}

  begin(regularly: Regularly): void {
    regularly.every(EVERY_MS, 'read history', () => this.#read(VIEWS[this.#turn++ % VIEWS.length]!));
  }

  async #read(view: string): Promise<void> {
    let after = '';
    for (let page = 0; page < PAGES; page++) {
      const { items, next } = await this.client.admin<Page>('GET', view + after);
      if (view.startsWith('/executions') && page === 0) await this.#readOne(items[0]?.id);
      if (next === null) return;
      after = `&after=${encodeURIComponent(next)}`;
    }
  }

  async #readOne(id: string | undefined): Promise<void> {
    // 404: it was pruned between the two questions.
    if (id !== undefined) await this.client.admin('GET', `/executions/${id}`, undefined, [200, 404]);
  }
}
