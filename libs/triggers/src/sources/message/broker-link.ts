import type { SubscribeOptions } from './message-source.js';

/** Whether a broker is reached: tells each change once, however often it is found out. */
export class BrokerLink {
  #isAway: boolean | null = null;

  constructor(private readonly told: Pick<SubscribeOptions, 'onAway' | 'onBack'>) {}

  get isAway(): boolean {
    return this.#isAway === true;
  }

  away(error: unknown): void {
    if (this.#isAway === true) return;
    this.#isAway = true;
    this.told.onAway(error);
  }

  back(): void {
    if (this.#isAway === false) return;
    this.#isAway = false;
    this.told.onBack();
  }
}
