import { once } from 'node:events';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';

/** One line of the file of effects: a report that the customer took. */
export interface Effect {
  readonly key: string;
  readonly name: string;
  /** Who delivered it first. */
  readonly by: string;
  /** Who ran which task before. */
  readonly ranBy: Readonly<Record<string, string>>;
}

/** The customer thinks about it before it answers: time in which the sender may die. */
const ANSWERS_AFTER_MS = 150;

/**
 * The world outside of the cluster: takes reports over HTTP and writes each into a file before it answers. Like any service that
 * takes an `Idempotency-Key`, it recognises what it has taken before. Two reports of one order under different keys it would take
 * twice: that is what must never happen.
 */
export class Customer {
  readonly #taken = new Map<string, Effect>();
  readonly #server: Server;
  /** Told of every report that was taken, before its sender is answered. */
  onTaken: (effect: Effect) => Promise<void> = () => Promise.resolve();
  repeated = 0;

  private constructor(private readonly file: string) {
    this.#server = createServer((request, response) => void this.#take(request, response));
  }

  static async open(file: string): Promise<Customer> {
    const customer = new Customer(file);
    customer.#server.listen(0, '127.0.0.1');
    await once(customer.#server, 'listening');
    return customer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/reports`;
  }

  get taken(): readonly Effect[] {
    return [...this.#taken.values()];
  }

  /** What stands in the file, whatever this process remembers. */
  effects(): Effect[] {
    if (!existsSync(this.file)) return [];
    const lines = readFileSync(this.file, 'utf8').split('\n').filter(Boolean);
    return lines.map((line) => JSON.parse(line) as Effect);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const key = String(request.headers['idempotency-key']);
      const { name, by, ranBy } = (await json(request)) as Omit<Effect, 'key'>;
      const isNew = !this.#taken.has(key);
      if (isNew) await this.#write({ key, name, by, ranBy });
      else this.repeated += 1;
      await wait(ANSWERS_AFTER_MS);
      response.writeHead(isNew ? 201 : 200).end();
    } catch {
      // The sender died while it spoke: nothing was taken.
      response.destroy();
    }
  }

  async #write(effect: Effect): Promise<void> {
    appendFileSync(this.file, `${JSON.stringify(effect)}\n`);
    this.#taken.set(effect.key, effect);
    await this.onTaken(effect);
  }
}
