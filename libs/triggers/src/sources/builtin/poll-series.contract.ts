import { pollOf } from '../../testing/poll.builder.js';
import type { TestClock } from '../../testing/test-clock.js';
import type { TriggerResult } from '../../model/trigger-result.js';
import type { Poll, TriggerSource } from '../poll/poll.js';

/** What one poll of a series came to. */
export interface SeriesPoll<C extends object> {
  /** Contexts whose dedup key was not stored before. */
  readonly fired: readonly C[];
  /** Items whose dedup key was. */
  readonly duplicates: number;
  readonly result: TriggerResult<C>;
}

/** One trigger over many polls: what the ledger does with cursor and dedup keys, in memory. */
export class PollSeries<C extends object> {
  cursor: unknown = undefined;
  readonly keys = new Set<string>();
  readonly fired: C[] = [];

  constructor(
    public source: TriggerSource<C>,
    readonly clock: TestClock,
  ) {}

  /** Polls and commits, or (`lost`) dies before the commit. */
  async poll({ lost = false, ...given }: Partial<Poll> & { readonly lost?: boolean } = {}): Promise<SeriesPoll<C>> {
    const now = new Date(this.clock.now());
    const result = await this.source.poll(pollOf({ now, ...given, ...this.#stored() }));
    const isFresh = (key: string | undefined): boolean => key === undefined || !this.keys.has(key);
    const fresh = result.items.filter(({ dedupKey }) => isFresh(dedupKey));
    const fired = fresh.map(({ context }) => context as C);
    if (!lost && given.dryRun !== true) this.#commit(result, fired);
    return { fired, duplicates: result.items.length - fresh.length, result };
  }

  /** Polls after some time. */
  async pollIn(ms: number): Promise<readonly C[]> {
    await this.clock.advance(ms);
    return (await this.poll()).fired;
  }

  /** Polls while the result says that there is more. */
  async pollAll(): Promise<readonly C[]> {
    const fired: C[] = [];
    for (;;) {
      const { fired: some, result } = await this.poll();
      fired.push(...some);
      if (!result.more) return fired;
    }
  }

  #stored(): Partial<Poll> {
    return this.cursor === undefined ? {} : { cursor: this.cursor };
  }

  #commit(result: TriggerResult<C>, fired: readonly C[]): void {
    if (result.cursor !== undefined) this.cursor = JSON.parse(JSON.stringify(result.cursor)) as unknown;
    for (const { dedupKey } of result.items) if (dedupKey !== undefined) this.keys.add(dedupKey);
    this.fired.push(...fired);
  }
}
