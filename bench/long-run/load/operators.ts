import { forMs } from '../../harness/pace.js';
import type { DemoClient } from './demo.client.js';
import type { InboxFeed } from './inbox.feed.js';
import type { Regularly } from './regularly.js';

const SECOND = 1_000;
const PAUSED_MS = 3 * SECOND;
const OFF_MS = 8 * SECOND;
const ASK_AGAIN_MS = 200;
const PATIENCE_MS = 30 * SECOND;
/** What was to be paused, cancelled or retried may have ended before; a poll may be under way. */
const OR_TOO_LATE = [200, 202, 409];
const SWITCHED = ['queue_depth', 'health_check'];

interface Item {
  readonly id: string;
  readonly state: string;
  readonly context: { readonly filename?: string } | null;
}

/** People who work with the admin API. */
export class Operators {
  /** Executions that they touched: how long those took says nothing about us. */
  readonly touched = new Set<string>();
  #switches = 0;

  constructor(
    private readonly client: DemoClient,
    private readonly feed: InboxFeed,
  ) {}

  begin(regularly: Regularly): void {
    regularly.every(20 * SECOND, 'pause and resume', () => this.#pauseAndResume());
    regularly.every(30 * SECOND, 'cancel and retry', () => this.#cancelAndRetry());
    regularly.every(15 * SECOND, 'mend and retry', () => this.#mendAndRetry());
    regularly.every(45 * SECOND, 'disable and enable', () => this.#disableAndEnable());
    regularly.every(60 * SECOND, 'replay', () => this.#replay());
    regularly.every(30 * SECOND, 'poll now', () => this.client.admin('POST', '/file_watcher/poll', {}, OR_TOO_LATE));
    regularly.every(30 * SECOND, 'dry run', () => this.client.admin('POST', '/file_watcher/test', {}));
    regularly.every(10 * SECOND, 'fire by hand', () =>
      this.client.admin('POST', '/queue_depth/fire', { context: { queue_depth: 0, threshold: 100 } }),
    );
  }

  /** Tells when an execution has ended. */
  async ended(id: string): Promise<string> {
    for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await forMs(ASK_AGAIN_MS)) {
      const { state } = await this.client.admin<Item>('GET', `/executions/${id}`);
      if (['completed', 'failed', 'cancelled'].includes(state)) return state;
    }
    throw new Error(`Execution ${id} did not end within ${PATIENCE_MS / SECOND} s.`);
  }

  async #pauseAndResume(): Promise<void> {
    const id = await this.#runLarge();
    await this.#control(id, 'pause');
    await forMs(PAUSED_MS);
    await this.#control(id, 'resume');
    await this.ended(id);
  }

  async #cancelAndRetry(): Promise<void> {
    const id = await this.#runLarge();
    await this.#control(id, 'cancel');
    await this.ended(id);
    await this.#control(id, 'retry');
    await this.ended(id);
  }

  async #mendAndRetry(): Promise<void> {
    const { items } = await this.client.admin<{ items: Item[] }>('GET', '/executions?state=failed&limit=20');
    for (const { id, context } of items) {
      this.touched.add(id);
      if (context?.filename === undefined || !(await this.feed.mend(context.filename))) continue;
      await this.#control(id, 'retry');
      await this.ended(id);
      return;
    }
  }

  async #disableAndEnable(): Promise<void> {
    const name = SWITCHED[this.#switches++ % SWITCHED.length]!;
    await this.client.admin('PATCH', `/${name}`, { enabled: false, reason: 'long run' });
    await forMs(OFF_MS);
    await this.client.admin('PATCH', `/${name}`, { enabled: null, reason: 'long run' });
  }

  async #replay(): Promise<void> {
    const path = '/executions?workflow=queue_handler&state=completed&limit=1';
    const { items } = await this.client.admin<{ items: Item[] }>('GET', path);
    for (const { id } of items) await this.#control(id, 'replay');
  }

  async #runLarge(): Promise<string> {
    const context = { filename: this.feed.large };
    const path = '/workflows/file_processor/run';
    const { executionIds } = await this.client.admin<{ executionIds: string[] }>('POST', path, { context });
    for (const id of executionIds) this.touched.add(id);
    return executionIds[0]!;
  }

  async #control(id: string, verb: 'pause' | 'resume' | 'cancel' | 'retry' | 'replay'): Promise<void> {
    await this.client.admin('POST', `/executions/${id}/${verb}`, { reason: 'long run' }, OR_TOO_LATE);
  }
}
