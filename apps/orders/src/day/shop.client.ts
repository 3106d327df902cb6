/** What the shop has answered to somebody. */
export interface Answer {
  readonly status: number;
  readonly body: { readonly id: number };
}

/** Those who use the shop, by its own HTTP routes. */
export class ShopClient {
  /** How long each of its answers took, in milliseconds. */
  readonly waited: number[] = [];

  constructor(private readonly address: () => string) {}

  async call(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<Answer> {
    const began = performance.now();
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(this.address() + path, {
      method,
      headers,
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    this.waited.push(performance.now() - began);
    return { status: response.status, body: JSON.parse(text || '{}') as Answer['body'] };
  }
}
