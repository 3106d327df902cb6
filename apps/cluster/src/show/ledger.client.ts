import type { NodeItem } from 'nestjs-triggers';
import { AdminApi } from 'play';

/** An execution, as far as the show looks at it. */
export interface Execution {
  readonly state: string;
  readonly trigger: string | null;
  readonly context: { readonly name: string };
}

/** What the admin API answers to an order that is started over HTTP. */
export interface Started {
  readonly status: string;
  readonly executionIds: readonly string[];
}

/** A process, as the ledger knows it. */
export type KnownNode = Pick<NodeItem, 'name' | 'pid' | 'alive' | 'pools' | 'runningTasks' | 'ownedTriggers'>;

interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

/** What the show asks of the admin API of the cluster. */
export class LedgerClient extends AdminApi {
  /** Every execution. */
  async executions(): Promise<Execution[]> {
    const all: Execution[] = [];
    for (let next: string | null = ''; next !== null;) {
      const after = next === '' ? '' : `&after=${encodeURIComponent(next)}`;
      const page: Page<Execution> = await this.ask('GET', `/executions?limit=1000${after}`);
      all.push(...page.items);
      next = page.next;
    }
    return all;
  }

  /** How many executions have ended well; no page of them is read. */
  async completed(): Promise<number> {
    const { total } = await this.ask<{ readonly total: number }>('GET', '/executions?limit=1&state=completed');
    return total;
  }

  /** The processes whose lease holds. */
  async nodes(): Promise<readonly KnownNode[]> {
    const { items } = await this.ask<Page<KnownNode>>('GET', '/nodes');
    return items.filter(({ alive }) => alive);
  }

  /** How often the inbox was polled. */
  async polls(): Promise<number> {
    const { counts } = await this.ask<{ readonly counts: { readonly polls: number } }>('GET', '/inbox');
    return counts.polls;
  }

  /** Starts an execution. Whoever got no answer asks again with the same key. */
  start(name: string, text: string): Promise<Started> {
    const order = { context: { name, text } };
    return this.ask('POST', '/workflows/order_report/run', order, { 'idempotency-key': name });
  }
}
