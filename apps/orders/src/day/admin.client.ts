/** A row of the firing ledger, as far as the day looks at it. */
export interface Firing {
  readonly id: string;
  readonly trigger: string | null;
  readonly state: string;
  readonly context: Readonly<Record<string, unknown>> | null;
  readonly duplicates: number;
  readonly executionIds: readonly string[];
}

/** An execution, as far as the day looks at it. */
export interface Execution {
  readonly id: string;
  readonly state: string;
}

/** A change that could not be fired, by the names of the database. */
export interface KeptChange {
  readonly operation: string;
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
  readonly changedAt: string;
}

interface Page<T> {
  readonly items: readonly T[];
}

/** An operator, over the admin API. The process that serves it may die and come back under another address. */
export class AdminClient {
  constructor(
    private readonly address: () => string,
    private readonly token: string,
  ) {}

  get base(): string {
    return `${this.address()}/admin/triggers`;
  }

  /** All firings of a trigger, oldest first. */
  async firings(trigger: string): Promise<Firing[]> {
    const { items } = await this.#send<Page<Firing>>('GET', `/${trigger}/firings?limit=1000`);
    return [...items].reverse();
  }

  async executions(): Promise<readonly Execution[]> {
    return (await this.#send<Page<Execution>>('GET', '/executions?limit=1000')).items;
  }

  /** The dead letters of a trigger that wait for somebody. */
  async letters(trigger: string): Promise<readonly { readonly id: string }[]> {
    return (await this.#send<Page<{ readonly id: string }>>('GET', `/dead-letters?trigger=${trigger}`)).items;
  }

  /** What a dead letter is about. */
  async keptChange(letter: string): Promise<KeptChange> {
    const { payload } = await this.#send<{ readonly payload: string }>('GET', `/dead-letters/${letter}`);
    return JSON.parse(payload) as KeptChange;
  }

  /** Fires a dead letter with a change that was mended. @returns the verdict */
  async replay(letter: string, payload: KeptChange, reason: string): Promise<string> {
    const { status } = await this.#send<{ readonly status: string }>('POST', `/dead-letters/${letter}/replay`, {
      payload,
      reason,
    });
    return status;
  }

  /** @param enabled `null`: as the code says */
  async setEnabled(trigger: string, enabled: boolean | null, reason: string): Promise<void> {
    await this.#send('PATCH', `/${trigger}`, { enabled, reason });
  }

  /** @throws Error unless it is done */
  async #send<T>(method: string, path: string, body?: object): Promise<T> {
    const headers = { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' };
    const response = await fetch(this.base + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    return JSON.parse(text || '{}') as T;
  }
}
