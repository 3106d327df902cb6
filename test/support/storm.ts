import { until } from './until.js';
import { SIGNATURE, sign } from './webhooks.js';
import { Wire } from './wire.js';
import type { WireAnswer } from './wire.js';
import type { TestDatabase } from './database.js';

export const SENDERS = 32;

/** How a storm blows. */
export interface StormOptions {
  /** Where the nodes are; a sender goes on with the next one when it gets no 2xx. */
  readonly urls: readonly string[];
  /** Below the prefix of the webhooks. */
  readonly path: string;
  /** How many distinct events there are: `{ id: 'e0' }`, `{ id: 'e1' }`, … */
  readonly events: number;
  /** Of the first event. @default 0 */
  readonly from?: number;
  /** Lets the time pass that a refusal asks for. @default a twentieth of a second */
  readonly pause?: (retryAfterMs: number) => Promise<void>;
}

/**
 * Senders over {@link SENDERS} sockets that post distinct signed events, each the next one when the one before is acknowledged,
 * and insist on everything but a 2xx.
 */
export class Storm {
  /** The 2xx that each event got in the end, by its id. */
  readonly acknowledged = new Map<string, WireAnswer>();
  /** Every other answer, and which of the senders got it. */
  readonly refused: (WireAnswer & { readonly sender: number })[] = [];
  /** Requests that nobody answered. */
  unanswered = 0;
  /** The senders all of whose events are acknowledged. */
  readonly #done = new Set<number>();
  /** Fulfilled when every event is acknowledged. */
  readonly over: Promise<void>;

  constructor(private readonly options: StormOptions) {
    const senders = Array.from({ length: SENDERS }, (_, sender) => this.#send(sender));
    this.over = Promise.all(senders).then(() => undefined);
  }

  /** The events of one sender, in the order in which it was told that they arrived. */
  ofSender(sender: number): string[] {
    const { events, from = 0 } = this.options;
    return Array.from({ length: events }, (_, index) => index)
      .filter((index) => index % SENDERS === sender)
      .map((index) => `e${from + index}`);
  }

  async #send(sender: number): Promise<void> {
    const wires = this.options.urls.map((url) => new Wire(url));
    let at = sender;
    for (const id of this.ofSender(sender)) {
      for (;;) {
        const answer = await this.#post(wires[at % wires.length] as Wire, { id, sender });
        if (answer !== null && answer.status >= 200 && answer.status < 300) {
          this.acknowledged.set(id, answer);
          break;
        }
        at += 1;
        await this.#pause(answer);
      }
    }
    this.#done.add(sender);
    for (const wire of wires) wire.close();
  }

  /** The senders that were refused nothing yet, and still have events. */
  get spared(): number[] {
    const refused = new Set(this.refused.map(({ sender }) => sender));
    const senders = Array.from({ length: SENDERS }, (_, sender) => sender);
    return senders.filter((sender) => !refused.has(sender) && !this.#done.has(sender));
  }

  async #post(
    wire: Wire,
    { id, sender }: { readonly id: string; readonly sender: number },
  ): Promise<WireAnswer | null> {
    try {
      const answer = await wire.send(requestOf(this.options.path, JSON.stringify({ id })));
      if (answer.status >= 300) this.refused.push({ ...answer, sender });
      return answer;
    } catch {
      this.unanswered += 1;
      wire.close();
      return null;
    }
  }

  async #pause(answer: WireAnswer | null): Promise<void> {
    const { pause } = this.options;
    if (pause !== undefined && answer !== null) return pause(Number(answer.headers['retry-after']) * 1_000);
    const again = performance.now() + 50;
    await until(() => performance.now() >= again, 'a sender tries again');
  }
}

function requestOf(path: string, body: string): Buffer {
  const headers = ['Host: x', 'Content-Type: application/json', `${SIGNATURE}: ${sign(body)}`];
  const head = [`POST /webhooks/${path} HTTP/1.1`, ...headers, `Content-Length: ${Buffer.byteLength(body)}`];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** One firing that started something, as the ledger has it. */
export interface Started {
  /** Of the event. */
  readonly id: string;
  readonly firing: string;
  readonly state: string;
}

/** What a trigger has started, oldest firing first, once there are that many executions and all of them have completed. */
export async function completed(database: TestDatabase, trigger: string, count: number): Promise<Started[]> {
  const read = () =>
    database.query(
      `SELECT f.id AS firing, f.context AS context, e.state AS state FROM triggers_firing f
       JOIN triggers_execution e ON e.firing_id = f.id WHERE f.trigger = '${trigger}' ORDER BY f.id`,
    );
  const rows = await until(
    async () => {
      const found = await read();
      return found.length >= count && found.every(({ state }) => state === 'completed') && found;
    },
    `${count} executions of ${trigger} are completed`,
    60_000,
  );
  return rows.map(({ firing, context, state }) => ({
    id: (JSON.parse(String(context)) as { id: string }).id,
    firing: String(firing),
    state: String(state),
  }));
}

/** Fails unless every event was acknowledged, and started exactly one execution, which is that of its acknowledgement. */
export function expectEachOnce(storms: readonly Storm[], started: readonly Started[]): void {
  const acknowledged = storms.flatMap((storm) => [...storm.acknowledged]);
  expect(started.map(({ id }) => id).sort()).toEqual(acknowledged.map(([id]) => id).sort());
  const firings = new Map(started.map(({ id, firing }) => [id, firing]));
  for (const [id, { body }] of acknowledged)
    expect({ id, firing: (JSON.parse(body) as { firingId: string }).firingId }).toEqual({
      id,
      firing: firings.get(id),
    });
}
