import type { Json } from '../../model/json.js';
import type {
  DeliveredMessage,
  MessageHandler,
  MessageSource,
  MessageSubscription,
  Settlement,
  SubscribeOptions,
} from './message-source.js';

/** What became of a message of a {@link TestSource}. */
export interface Sent {
  readonly id: string | null;
  readonly settlements: Settlement[];
}

/** A broker in memory: it delivers at once what fits in the hand, and again what is to come again when a test says so. */
export class TestSource implements MessageSource, MessageSubscription {
  readonly hasIdentity: boolean;
  readonly sent: Sent[] = [];
  isPaused = false;
  isStopped = false;
  isClosed = false;
  subscriptions = 0;
  mostInHand = 0;
  #inHand = 0;
  #handler: MessageHandler | undefined;
  #options: SubscribeOptions | undefined;
  readonly #waiting: (() => void)[] = [];

  constructor({ hasIdentity = true, name = 'test queue "orders"' } = {}) {
    this.hasIdentity = hasIdentity;
    this.name = name;
  }

  readonly name: string;

  subscribe(handler: MessageHandler, options: SubscribeOptions): MessageSubscription {
    this.subscriptions += 1;
    [this.isPaused, this.isStopped, this.isClosed] = [false, false, false];
    [this.#handler, this.#options] = [handler, options];
    this.#deliver();
    return this;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    this.#deliver();
  }

  async stop(): Promise<void> {
    this.isStopped = true;
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  /** The broker is lost, or found. */
  away(error = new Error('connect ECONNREFUSED')): void {
    this.#options?.onAway(error);
  }

  back(): void {
    this.#options?.onBack();
  }

  /** Sends a value, or a message as an adapter would make it. */
  send(id: string | null, json: Json, more: Partial<DeliveredMessage> = {}): Sent {
    const sent: Sent = { id, settlements: [] };
    this.sent.push(sent);
    this.#offer(sent, { id, body: { json }, headers: {}, deliveries: 1, sentAt: null, ...more });
    return sent;
  }

  /** Delivers everything again that was to come again, and what was never settled by a subscription that is closed. */
  redeliver(): void {
    for (const offer of this.#again.splice(0)) offer();
  }

  readonly #again: (() => void)[] = [];

  #offer(sent: Sent, message: DeliveredMessage): void {
    this.#waiting.push(() => void this.#hand(sent, message));
    this.#deliver();
  }

  #deliver(): void {
    while (this.#takes() && this.#waiting.length > 0) this.#waiting.shift()?.();
  }

  #takes(): boolean {
    return (
      this.#handler !== undefined && !this.isPaused && !this.isStopped && this.#inHand < (this.#options?.prefetch ?? 0)
    );
  }

  async #hand(sent: Sent, message: DeliveredMessage): Promise<void> {
    this.#inHand += 1;
    this.mostInHand = Math.max(this.mostInHand, this.#inHand);
    const settlement = await (this.#handler as MessageHandler)(message);
    this.#inHand -= 1;
    sent.settlements.push(settlement);
    const next = { ...message, deliveries: message.deliveries + 1 };
    if (settlement.settle === 'redeliver') this.#again.push(() => this.#offer(sent, next));
    this.#deliver();
  }
}
