import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

/** Something that the helpdesk was told. */
export interface Message {
  readonly key: string;
  /** `teams/billing`, `alerts`, `reports` */
  readonly channel: string;
  readonly ticketId?: string;
  readonly page?: boolean;
  /** Of alerts: the execution or the firing. */
  readonly about?: string;
  readonly text?: string;
}

/**
 * The world outside: takes what teams, on-call and reports are told. Like any service that takes an `Idempotency-Key`, it takes a
 * message once for each key. One ticket under two keys it would take twice: that is what must never happen.
 */
export class Helpdesk {
  readonly #taken = new Map<string, Message>();
  readonly #server: Server;
  /** Messages that came again under their key. */
  repeated = 0;
  /** Otherwise it takes what comes, and says nothing. */
  answers = true;

  private constructor() {
    this.#server = createServer((request, response) => void this.#take(request, response));
  }

  static async open(): Promise<Helpdesk> {
    const helpdesk = new Helpdesk();
    helpdesk.#server.listen(0, '127.0.0.1');
    await once(helpdesk.#server, 'listening');
    return helpdesk;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get messages(): readonly Message[] {
    return [...this.#taken.values()];
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const key = String(request.headers['idempotency-key']);
      const message = (await json(request)) as Message;
      if (this.#taken.has(key)) this.repeated += 1;
      else this.#taken.set(key, { ...message, key, channel: (request.url ?? '').slice(1) });
      if (this.answers) response.writeHead(204).end();
    } catch {
      response.destroy(); // the sender died while it spoke
    }
  }
}
