import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { LedgerClient, Started } from './ledger.client.js';
import type { ShowOptions } from './options.js';

const ARTICLES = ['anvil', 'balloon', 'compass', 'drum', 'easel', 'funnel', 'globe', 'hammock'];
const ASK_AGAIN_AFTER_MS = 200;

/** Brings the orders: files into the inbox, and calls to the admin API, evenly over the time. */
export class Feed {
  readonly names: readonly string[];
  dropped = 0;
  called = 0;
  /** Calls that were made again because nobody answered. */
  unanswered = 0;
  #isOver = false;

  constructor(
    private readonly inbox: string,
    private readonly ledger: LedgerClient,
    private readonly options: ShowOptions,
  ) {
    this.names = [...numbered(options.files, fileName), ...numbered(options.calls, callName)];
  }

  /** Resolves when all of them were brought. */
  async run(): Promise<void> {
    const { files, calls } = this.options;
    await Promise.all([
      this.#evenly(files, (number) => this.#drop(number)),
      this.#evenly(calls, (number) => this.#call(number)),
    ]);
  }

  /** Nothing more is brought. */
  async close(): Promise<void> {
    this.#isOver = true;
  }

  async #evenly(count: number, bring: (number: number) => Promise<void>): Promise<void> {
    const began = performance.now();
    const bringing: Promise<void>[] = [];
    for (let number = 1; number <= count && !this.#isOver; number++) {
      await wait(Math.max(0, began + ((number - 1) * this.options.seconds * 1_000) / count - performance.now()));
      bringing.push(bring(number));
    }
    await Promise.all(bringing);
  }

  /** Whole or not at all: a file under its name is complete. */
  async #drop(number: number): Promise<void> {
    const name = fileName(number);
    const temporary = join(this.inbox, `.${name}`);
    writeFileSync(temporary, number % 2 === 0 ? jsonOf(number) : csvOf(number));
    renameSync(temporary, join(this.inbox, name));
    this.dropped += 1;
  }

  /** As a careful client does, and once more, as a careless one does: the second call must not start anything. */
  async #call(number: number): Promise<void> {
    const name = callName(number);
    const first = await this.#insist(name, jsonOf(number));
    const second = await this.#insist(name, jsonOf(number));
    if (first === undefined || second === undefined) return;
    if (second.status !== 'duplicate' || String(second.executionIds) !== String(first.executionIds))
      throw new Error(`Order "${name}" was started twice: ${JSON.stringify([first, second])}`);
    this.called += 1;
  }

  /** Until there is an answer: a call that was not answered may have been heard, and the key makes that harmless. */
  async #insist(name: string, text: string): Promise<Started | undefined> {
    while (!this.#isOver) {
      try {
        return await this.ledger.start(name, text);
      } catch {
        this.unanswered += 1;
        await wait(ASK_AGAIN_AFTER_MS);
      }
    }
    return undefined;
  }
}

function numbered(count: number, nameOf: (number: number) => string): string[] {
  return Array.from({ length: count }, (_, index) => nameOf(index + 1));
}

function fileName(number: number): string {
  return `order-${String(number).padStart(4, '0')}.${number % 2 === 0 ? 'json' : 'csv'}`;
}

function callName(number: number): string {
  return `call-${String(number).padStart(4, '0')}.json`;
}

function linesOf(number: number) {
  return Array.from({ length: 3 + (number % 4) }, (_, index) => ({
    article: ARTICLES[(number + index) % ARTICLES.length],
    quantity: 1 + ((number * (index + 3)) % 9),
    price: 2.5 + index,
  }));
}

function jsonOf(number: number): string {
  return JSON.stringify(linesOf(number));
}

function csvOf(number: number): string {
  const rows = linesOf(number).map(({ article, quantity, price }) => `${article},${quantity},${price}`);
  return ['article,quantity,price', ...rows, ''].join('\n');
}
