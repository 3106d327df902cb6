import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { once } from 'node:events';

const LENGTH = /\r\ncontent-length: (\d+)\r\n/i;

/**
 * A connection that is kept alive, with one request under way at a time. No HTTP client: on a machine whose cores the server
 * shares with it, a client is a third of what is measured.
 */
export class Connection {
  #received = '';
  #answered: (body: string) => void = () => undefined;
  #failed: (error: Error) => void = () => undefined;

  private constructor(private readonly socket: Socket) {
    socket.setNoDelay(true).setEncoding('latin1');
    socket.on('data', (text: string) => this.#take(text));
    socket.on('error', (error) => this.#failed(error));
    socket.on('close', () => this.#failed(new Error('The server has closed a connection.')));
  }

  static async open(port: number): Promise<Connection> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new Connection(socket);
  }

  /** Sends the bytes of a request, and tells the body of its answer. @throws when that is no 200 */
  send(request: Buffer): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#answered = resolve;
      this.#failed = reject;
      this.socket.write(request);
    });
  }

  close(): void {
    this.#failed = () => undefined;
    this.socket.destroy();
  }

  #take(text: string): void {
    this.#received += text;
    const head = this.#received.indexOf('\r\n\r\n');
    if (head < 0) return;
    const length = Number(LENGTH.exec(this.#received)?.[1]);
    const body = this.#received.slice(head + 4);
    if (body.length < length) return;
    const isFine = this.#received.startsWith('HTTP/1.1 200 ');
    const answer = this.#received;
    this.#received = '';
    if (isFine) this.#answered(body);
    else this.#failed(new Error(`A delivery was answered: ${answer}`));
  }
}
