import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/** Which way a network is dead: both, or only that of the answers, so that what is asked is done and nobody hears of it. */
export type Silence = 'both' | 'answers';

/** The two ends of one connection through the proxy. */
interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

/** Stands between an application and its server, and can be cut, or become silent. */
export class Proxy {
  #cut = false;
  #silence: Silence | null = null;
  readonly #pairs = new Set<Pair>();
  /** Neither end will ever hear of the other again, or be told so. */
  readonly #forgotten = new Set<Pair>();

  private constructor(
    readonly url: string,
    private readonly server: Server,
  ) {}

  static async to(target: string): Promise<Proxy> {
    const { hostname, port } = new URL(target);
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = new URL(target);
    url.port = String((server.address() as AddressInfo).port);
    const proxy = new Proxy(url.href, server);
    server.on('connection', (socket) => proxy.#join({ client: socket, server: connect(Number(port), hostname) }));
    return proxy;
  }

  /** Breaks every connection and refuses new ones. */
  cut(): void {
    this.#cut = true;
    this.breakAll();
  }

  /** Undoes {@link cut}. */
  mend(): void {
    this.#cut = false;
  }

  /** Breaks every connection; new ones are taken. */
  breakAll(): void {
    for (const { client, server } of [...this.#pairs, ...this.#forgotten]) {
      client.destroy();
      server.destroy();
    }
  }

  /** Accepts connections and keeps them, but forwards nothing: neither end can tell that the other is out of reach. */
  stall(silence: Silence = 'both'): void {
    this.#silence = silence;
    for (const pair of this.#pairs) this.#flow(pair);
  }

  /** Undoes {@link stall}: what was kept back arrives now. */
  goOn(): void {
    this.#silence = null;
    for (const pair of this.#pairs) this.#flow(pair);
  }

  /** Undoes {@link stall} for new connections only, as a firewall does that has lost its table. */
  forget(): void {
    for (const pair of this.#pairs) this.#forgotten.add(pair);
    this.#pairs.clear();
    this.goOn();
  }

  close(): void {
    this.cut();
    this.server.close();
  }

  #join(pair: Pair): void {
    this.#pairs.add(pair);
    for (const [socket, peer] of [
      [pair.client, pair.server],
      [pair.server, pair.client],
    ] as const) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#pairs.delete(pair);
        this.#forgotten.delete(pair);
        peer.destroy();
      });
    }
    if (this.#cut) return void pair.client.destroy();
    this.#flow(pair);
  }

  #flow({ client, server }: Pair): void {
    client.unpipe(server);
    server.unpipe(client);
    if (this.#silence !== 'both') client.pipe(server);
    if (this.#silence === null) server.pipe(client);
  }
}
