/** A row of the firing ledger, as far as the day looks at it. */
export interface Firing {
  readonly id: string;
  readonly trigger: string | null;
  readonly state: string;
  readonly reason: string | null;
  readonly duplicates: number;
  readonly executionIds: readonly string[];
  readonly createdAt: string;
}

/** An execution, as far as the day looks at it. */
export interface Execution {
  readonly id: string;
  readonly workflow: string;
  readonly state: string;
  readonly firingId: string;
  readonly result: Readonly<Record<string, unknown>> | null;
  readonly tasks: readonly TaskExecution[];
}

/** A task of it. */
export interface TaskExecution {
  readonly task: string;
  /** Those that failed, and the last one. */
  readonly attempts: readonly { readonly error: { readonly message: string } | null }[];
  /** How often it was taken back from a process that died. */
  readonly rescues: number;
}

/** What the admin API answers to somebody who fires. */
export interface Fired {
  readonly status: number;
  readonly verdict: string;
  readonly firingId: string | null;
  readonly executionIds: readonly string[];
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
    const { items } = await this.get<{ readonly items: Firing[] }>(`/${trigger}/firings?limit=1000`);
    return items.reverse();
  }

  execution(id: string): Promise<Execution> {
    return this.get(`/executions/${id}`);
  }

  /** Fires a trigger by hand. */
  async fire(trigger: string, context?: object): Promise<Fired> {
    return this.#change(`/${trigger}/fire`, context === undefined ? {} : { context });
  }

  /** Starts a dead letter with a payload that was mended. */
  async replay(firingId: string, payload: object, reason: string): Promise<Fired> {
    return this.#change(`/dead-letters/${firingId}/replay`, { payload, reason });
  }

  /** A failed execution goes on from the tasks that did not complete. */
  async retry(executionId: string, reason: string): Promise<void> {
    await this.#change(`/executions/${executionId}/retry`, { reason });
  }

  /** @param enabled `null`: as the code says */
  async setEnabled(trigger: string, enabled: boolean | null, reason: string): Promise<void> {
    await this.#send('PATCH', `/${trigger}`, { enabled, reason });
  }

  /** @throws Error unless the answer is 200 */
  async get<T>(path: string): Promise<T> {
    const { status, body } = await this.#send<T>('GET', path);
    if (status === 200) return body;
    throw new Error(`GET ${path} answered ${status}: ${JSON.stringify(body)}`);
  }

  async #change(path: string, body: object): Promise<Fired> {
    const answer = await this.#send<Partial<Record<'status' | 'code' | 'firingId', string>> & Partial<Fired>>(
      'POST',
      path,
      body,
    );
    const { code, firingId = null, executionIds = [] } = answer.body;
    return { status: answer.status, verdict: code ?? String(answer.body.status), firingId, executionIds };
  }

  async #send<T>(method: string, path: string, body?: object): Promise<{ readonly status: number; readonly body: T }> {
    const headers = { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' };
    const init = { method, headers, ...(body && { body: JSON.stringify(body) }) };
    const response = await fetch(this.base + path, init);
    return { status: response.status, body: (await response.json()) as T };
  }
}
