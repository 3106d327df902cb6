import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';

/** What belongs to something that comes, beside its body. */
export interface Call {
  /** Its `Idempotency-Key`. */
  readonly key: string;
  /** Below the address, without a slash in front. */
  readonly path: string;
}

/** How somebody outside takes what comes. */
export interface Keeping<T> {
  /** What is kept of it when it comes for the first time. Where this throws, nothing was taken. */
  readonly keep: (body: unknown, call: Call) => T;
  /** How long it is thought about before it is answered: time in which the sender may die. @default 0 */
  readonly answersAfterMs?: number;
}

/**
 * The world outside. Like any service that takes an `Idempotency-Key`, it takes a thing once for each key. One thing under two keys
 * it would take twice: that is what must never happen.
 */
export class OncePerKey<T> {
  readonly #taken = new Map<string, T>();
  readonly #server: Server;
  /** Things that came again under their key. */
  repeated = 0;
  /** Otherwise it takes what comes, and says nothing. */
  answers = true;
  /** Told of each thing, once, before its sender is answered. */
  onTaken: (thing: T) => void | Promise<void> = () => undefined;

  constructor(private readonly keeping: Keeping<T>) {
    this.#server = createServer((request, response) => void this.#take(request, response));
  }

  /** Resolves when it can be reached. */
  async listen(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get taken(): readonly T[] {
    return [...this.#taken.values()];
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const call = { key: String(request.headers['idempotency-key']), path: (request.url ?? '').slice(1) };
      await this.#once(await json(request), call);
      if (this.keeping.answersAfterMs !== undefined) await wait(this.keeping.answersAfterMs);
      if (this.answers) response.writeHead(204).end();
    } catch {
      response.destroy(); // the sender died while it spoke
    }
  }

  async #once(body: unknown, call: Call): Promise<void> {
    if (this.#taken.has(call.key)) {
      this.repeated += 1;
      return;
    }
    const thing = this.keeping.keep(body, call);
    this.#taken.set(call.key, thing);
    await this.onTaken(thing);
  }
}
