import type { NodeItem } from 'nestjs-triggers';

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

/** The admin API of the cluster. The node that serves it may die and come back under another address. */
export class LedgerClient {
  constructor(
    private readonly address: () => string,
    private readonly token: string,
  ) {}

  /** Every execution. */
  async executions(): Promise<Execution[]> {
    const all: Execution[] = [];
    for (let next: string | null = ''; next !== null;) {
      const after = next === '' ? '' : `&after=${encodeURIComponent(next)}`;
      const page: Page<Execution> = await this.#ask(`/executions?limit=1000${after}`);
      all.push(...page.items);
      next = page.next;
    }
    return all;
  }

  /** How many executions have ended well; no page of them is read. */
  async completed(): Promise<number> {
    const { total } = await this.#ask<{ readonly total: number }>('/executions?limit=1&state=completed');
    return total;
  }

  /** The processes whose lease holds. */
  async nodes(): Promise<readonly KnownNode[]> {
    const { items } = await this.#ask<Page<KnownNode>>('/nodes');
    return items.filter(({ alive }) => alive);
  }

  /** How often the inbox was polled. */
  async polls(): Promise<number> {
    const { counts } = await this.#ask<{ readonly counts: { readonly polls: number } }>('/inbox');
    return counts.polls;
  }

  /** Starts an execution. Whoever got no answer asks again with the same key. */
  start(name: string, text: string): Promise<Started> {
    return this.#ask('/workflows/order_report/run', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': name },
      body: JSON.stringify({ context: { name, text } }),
    });
  }

  async #ask<T>(path: string, init: RequestInit = {}): Promise<T> {
    const headers = { ...(init.headers as Record<string, string>), authorization: `Bearer ${this.token}` };
    const response = await fetch(`${this.address()}/admin/triggers${path}`, { ...init, headers });
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as T;
  }
}
