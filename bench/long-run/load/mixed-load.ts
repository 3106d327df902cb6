import type { AppProcess } from '../app/app-process.js';
import type { DemoClient } from './demo.client.js';
import { InboxFeed } from './inbox.feed.js';
import { Operators } from './operators.js';
import { Readers } from './readers.js';
import { Regularly } from './regularly.js';

const SECOND = 1_000;
/** Shares of the rate, in percent. */
const SHARES = { files: 45, again: 8, broken: 2, direct: 35, byName: 10 } as const;

/** Everything that is done to the demo. */
export class MixedLoad {
  readonly feed: InboxFeed;
  readonly operators: Operators;
  readonly regularly = new Regularly();

  constructor(
    private readonly app: AppProcess,
    private readonly client: DemoClient,
    inbox: string,
  ) {
    this.feed = new InboxFeed(inbox);
    this.operators = new Operators(client, this.feed);
  }

  async begin(rate: number): Promise<void> {
    const { feed, regularly, client } = this;
    const apart = (share: number): number => (100 * SECOND) / (share * rate);
    await feed.dropLasting();
    regularly.every(apart(SHARES.files), 'new file', () => feed.drop());
    regularly.every(apart(SHARES.again), 'same file again', () => feed.dropAgain());
    regularly.every(apart(SHARES.broken), 'broken file', () => feed.dropBroken());
    regularly.every(apart(SHARES.direct), 'run queue_handler', () =>
      this.app.ask('start', { workflow: 'queue_handler', context: { queue_depth: 0, threshold: 0 } }),
    );
    regularly.every(apart(SHARES.byName), 'run file_processor', () =>
      this.app.ask('start', { workflow: 'file_processor', context: { filename: feed.small } }),
    );
    regularly.every(5 * SECOND, 'tidy the inbox', () => feed.tidy());
    regularly.every(4 * SECOND, 'fill the queue', () => client.post('/queue', { n: 150 }));
    regularly.every(60 * SECOND, 'break the service', () => client.post('/service/health', { healthy: false }));
    this.operators.begin(regularly);
    new Readers(client).begin(regularly);
  }
}
