interface Page<T> {
  readonly items: readonly T[];
}

/**
 * The admin API, over HTTP, as an operator calls it. The process that serves it may die and come back under another address.
 *
 * @typeParam Firing what the play looks at of a row of the firing ledger
 */
export class AdminApi<Firing = unknown> {
  constructor(
    private readonly address: () => string,
    private readonly token: string,
  ) {}

  get base(): string {
    return `${this.address()}/admin/triggers`;
  }

  /** All firings of a trigger, oldest first. */
  async firings(trigger: string): Promise<Firing[]> {
    const { items } = await this.ask<Page<Firing>>('GET', `/${trigger}/firings?limit=1000`);
    return [...items].reverse();
  }

  /** @param enabled `null`: as the code says */
  async setEnabled(trigger: string, enabled: boolean | null, reason: string): Promise<void> {
    await this.ask('PATCH', `/${trigger}`, { enabled, reason });
  }

  /** @throws Error unless it is done */
  async ask<T>(method: string, path: string, body?: object, headers: Record<string, string> = {}): Promise<T> {
    const response = await this.send(method, path, body, headers);
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    return JSON.parse(text || '{}') as T;
  }

  /** @returns the answer, whatever it is */
  protected send(method: string, path: string, body?: object, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(this.base + path, {
      method,
      headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json', ...headers },
      ...(body && { body: JSON.stringify(body) }),
    });
  }
}
