import { randomBytes } from 'node:crypto';
import type { DeliveredMessage, MessageSource, MessageSubscription, Settlement } from './message-source.js';

/** What a subscription was handed, and what it answers. */
export class Listener {
  readonly heard: (DeliveredMessage & { readonly n: number })[] = [];
  inHand = 0;
  mostInHand = 0;
  away = 0;
  back = 0;
  readonly #subscription: MessageSubscription;

  constructor(
    source: MessageSource,
    answer: (message: DeliveredMessage & { readonly n: number }) => Promise<Settlement> | Settlement,
    prefetch = 10,
  ) {
    this.#subscription = source.subscribe(
      async (message) => {
        const told = { ...message, n: numberIn(message) };
        this.heard.push(told);
        this.inHand += 1;
        this.mostInHand = Math.max(this.mostInHand, this.inHand);
        const settlement = await answer(told);
        this.inHand -= 1;
        return settlement;
      },
      { prefetch, onAway: () => (this.away += 1), onBack: () => (this.back += 1) },
    );
  }

  get numbers(): number[] {
    return this.heard.map(({ n }) => n).sort((a, b) => a - b);
  }

  pause(): void {
    this.#subscription.pause();
  }

  resume(): void {
    this.#subscription.resume();
  }

  stop(): Promise<void> {
    return this.#subscription.stop();
  }

  async close(): Promise<void> {
    await this.#subscription.stop();
    await this.#subscription.close();
  }
}

function numberIn({ body }: DeliveredMessage): number {
  const value = ('json' in body ? body.json : JSON.parse(body.text)) as { readonly n: number | string };
  return Number(value.n);
}

/** The numbers from 0 on. */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n);
}

/** A name that no other test uses. */
export function newName(): string {
  return `t${randomBytes(4).toString('hex')}`;
}
