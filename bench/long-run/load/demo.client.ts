/** What the demo's HTTP is asked, and what it may answer. */
export class DemoClient {
  constructor(
    private readonly url: string,
    private readonly token: string,
  ) {}

  /** @throws when the status is none of `expected` */
  async admin<T>(method: string, path: string, body?: object, expected: readonly number[] = [200, 202]): Promise<T> {
    return this.#ask(method, `/admin/triggers${path}`, body, expected);
  }

  async post(path: string, body: object): Promise<unknown> {
    return this.#ask('POST', path, body, [200, 202]);
  }

  async #ask<T>(method: string, path: string, body: object | undefined, expected: readonly number[]): Promise<T> {
    const response = await fetch(this.url + path, {
      method,
      headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!expected.includes(response.status)) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text) as T;
  }
}
