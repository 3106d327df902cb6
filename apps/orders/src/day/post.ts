import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

/** Something that somebody was told. */
export interface Mail {
  readonly to: string;
  readonly about: string;
  readonly text: string;
  readonly executionId: string;
}

/**
 * The world outside. Like any service that takes an `Idempotency-Key`, it takes a mail once for each key. One mail under two keys
 * it would take twice: that is what must never happen.
 */
export class Post {
  readonly #taken = new Map<string, Mail>();
  readonly #server: Server;
  /** Mails that came again under their key. */
  repeated = 0;

  private constructor(private readonly delivered: (mail: Mail) => void) {
    this.#server = createServer((request, response) => void this.#take(request, response));
  }

  /** @param delivered is told of each mail, once */
  static async open(delivered: (mail: Mail) => void): Promise<Post> {
    const post = new Post(delivered);
    post.#server.listen(0, '127.0.0.1');
    await once(post.#server, 'listening');
    return post;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get mails(): readonly Mail[] {
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
      const mail = (await json(request)) as Mail;
      if (this.#taken.has(key)) this.repeated += 1;
      else {
        this.#taken.set(key, mail);
        this.delivered(mail);
      }
      response.writeHead(204).end();
    } catch {
      response.destroy(); // the sender died while it spoke
    }
  }
}
