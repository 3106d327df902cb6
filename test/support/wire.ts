import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** So long a request may take, on a machine that has much to do. */
const PATIENCE_MS = 10_000;
const HEAD_END = Buffer.from('\r\n\r\n');

/** An answer as it came over the wire. Names of headers are in lower case. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What has arrived so far: an answer, or `null` when more has to come. */
type Parsed = WireAnswer | null;

/**
 * One socket that is kept alive and carries one request after the other, byte for byte as they are given: HTTP clients refuse to
 * send what a hostile sender sends. It connects again when it was closed.
 */
export class Wire {
  #socket: Socket | undefined;

  constructor(private readonly url: string) {}

  /** @throws Error when the connection breaks before the answer is there, or none comes */
  async send(request: Buffer, hasBody = true): Promise<WireAnswer> {
    const socket = await this.#connected();
    const answer = await new Promise<WireAnswer>((resolve, reject) => {
      let bytes = Buffer.alloc(0);
      const take = (chunk: Buffer): void => {
        bytes = Buffer.concat([bytes, chunk]);
        const parsed = parse(bytes, { hasBody, isOver: false });
        if (parsed !== null) settle(() => resolve(parsed));
      };
      const close = (): void => {
        const parsed = parse(bytes, { hasBody, isOver: true });
        settle(() => (parsed === null ? reject(new Error('no answer')) : resolve(parsed)));
      };
      const settle = (report: () => void): void => {
        socket.off('data', take).off('close', close);
        report();
      };
      socket.on('data', take).on('close', close);
      socket.write(request);
    });
    // What the HTTP parser refuses is answered without a date, and ends the connection whether that is said or not.
    if (/close/i.test(answer.headers['connection'] ?? '') || answer.headers['date'] === undefined) this.close();
    return answer;
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  async #connected(): Promise<Socket> {
    if (this.#socket !== undefined && !this.#socket.destroyed && this.#socket.writable) return this.#socket;
    const { hostname, port } = new URL(this.url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    // A server that has answered enough closes in the middle of a body: the answer is there, the write fails.
    socket.on('error', () => undefined);
    socket.on('end', () => socket.destroy()).setTimeout(PATIENCE_MS, () => socket.destroy());
    this.#socket = socket;
    return socket;
  }
}

/** @param isOver nothing more will come */
function parse(bytes: Buffer, how: { readonly hasBody: boolean; readonly isOver: boolean }): Parsed {
  const end = bytes.indexOf(HEAD_END);
  if (end < 0) return null;
  const [statusLine = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1]);
  const rest = bytes.subarray(end + HEAD_END.length);
  if (status < 200) return parse(rest, how);
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  const body = how.hasBody && status !== 204 && status !== 304 ? bodyOf(headers, rest, how.isOver) : Buffer.alloc(0);
  return body === null ? null : { status, headers, body: body.toString() };
}

function bodyOf(headers: Readonly<Record<string, string>>, rest: Buffer, isOver: boolean): Buffer | null {
  if (headers['transfer-encoding'] === 'chunked') return unchunked(rest);
  const length = headers['content-length'];
  if (length === undefined) return isOver ? rest : null;
  return rest.length < Number(length) ? null : rest.subarray(0, Number(length));
}

function unchunked(rest: Buffer): Buffer | null {
  const chunks: Buffer[] = [];
  for (let at = 0; ;) {
    const lineEnd = rest.indexOf('\r\n', at);
    if (lineEnd < 0) return null;
    const size = Number.parseInt(rest.subarray(at, lineEnd).toString('latin1'), 16);
    if (size === 0) return rest.length < lineEnd + 4 ? null : Buffer.concat(chunks);
    at = lineEnd + 2 + size + 2;
    if (at > rest.length) return null;
    chunks.push(rest.subarray(lineEnd + 2, lineEnd + 2 + size));
  }
}
