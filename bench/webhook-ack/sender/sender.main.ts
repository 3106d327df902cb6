import { forMs } from '../../harness/pace.js';
import { percentile } from '../../harness/statistics.js';
import { Connection } from './connection.js';
import type { Answered, Load } from './load.js';
import { requestsOf } from './requests.js';

/** Sends deliveries, as fast as they are answered or so many a second, and tells how that went. Ends with who started it. */
class Sender {
  readonly #latencies: number[] = [];

  constructor(
    private readonly load: Load,
    private readonly requests: readonly Buffer[],
    private readonly connections: readonly Connection[],
  ) {}

  async send(): Promise<Answered> {
    const { perSecond } = this.load;
    const started = performance.now();
    await (perSecond === null ? this.#asAnswered() : this.#paced(started, 1_000 / perSecond));
    const seconds = (performance.now() - started) / 1_000;
    return { seconds, p50: percentile(this.#latencies, 0.5), p99: percentile(this.#latencies, 0.99) };
  }

  async #asAnswered(): Promise<void> {
    let next = 0;
    const sendAll = async (connection: Connection): Promise<void> => {
      while (next < this.requests.length) await this.#deliver(connection, next++, performance.now());
    };
    await Promise.all(this.connections.map(sendAll));
  }

  /** Whatever is due is sent on the next free connection, or waits for one. */
  async #paced(started: number, everyMs: number): Promise<void> {
    let next = 0;
    const sendDue = async (connection: Connection): Promise<void> => {
      while (next < this.requests.length) {
        const index = next++;
        const due = started + index * everyMs;
        await until(due);
        await this.#deliver(connection, index, due);
      }
    };
    await Promise.all(this.connections.map(sendDue));
  }

  async #deliver(connection: Connection, index: number, due: number): Promise<void> {
    const body = await connection.send(this.requests[index]!);
    this.#latencies.push(performance.now() - due);
    if (!body.startsWith(`{"status":"${this.load.expects}"`)) throw new Error(`A delivery was answered: ${body}`);
  }
}

async function until(due: number): Promise<void> {
  const ms = due - performance.now();
  if (ms > 0) await forMs(ms);
}

const load = JSON.parse(process.argv[2] ?? '') as Load;
const requests = requestsOf(load);
const connections = await Promise.all(Array.from({ length: load.connections }, () => Connection.open(load.port)));
const sender = new Sender(load, requests, connections);
process.once('message', () => void sender.send().then((answered) => process.send?.(answered)));
process.once('disconnect', () => connections.forEach((connection) => connection.close()));
process.send?.(null);
