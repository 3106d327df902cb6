import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import type { Category, Classification, Urgency } from '../tickets/ticket.js';

/** What can be wrong with one call: 500; 429; 401; no answer at all. */
export type Trouble = keyof typeof ERRORS | 'silent';

/** One line of the log of calls. */
export interface StubCall {
  readonly idempotencyKey: string;
  /** The first line of what was asked. */
  readonly subject: string;
  /** `repeated`: the answer of an earlier call under the same key. */
  readonly outcome: 'answered' | 'repeated' | keyof typeof ERRORS | 'hung up';
  readonly ms: number;
}

interface Asked {
  readonly messages: readonly { readonly role: string; readonly content: string }[];
}

/** How it is set up. */
export interface StubOptions {
  /** How long it thinks. @default 300 */
  readonly latencyMs?: number;
  /** What it says in `Retry-After` when it is limited. @default 1 */
  readonly retryAfterSeconds?: number;
}

const ERRORS = {
  broken: { status: 500, message: 'The server had an error' },
  limited: { status: 429, message: 'Rate limit reached' },
  refused: { status: 401, message: 'Incorrect API key provided' },
} as const;

const WORDS: readonly (readonly [Category, RegExp])[] = [
  ['billing', /invoice|charge|refund|payment/i],
  ['outage', /down|outage|unreachable|error 5\d\d/i],
  ['account', /password|log ?in|account|two-factor/i],
];
const URGENT = /urgent|everybody|production|immediately/i;

/**
 * A model for demo and tests that speaks OpenAI's chat completions and sorts by words. It thinks for a while, can be out of order
 * in several ways, and writes down every call. What it has answered under an `Idempotency-Key` it answers again without thinking.
 */
export class ModelStub {
  /** What every ticket meets at its first call, at its second one, and so on; afterwards all is well. */
  troubles: readonly Trouble[] = [];
  /** Every call fails. */
  isDown = false;
  /** How long it thinks. */
  latencyMs: number;
  readonly calls: StubCall[] = [];
  /** By key; the second call of a key waits for the first one. */
  readonly #answers = new Map<string, Promise<string>>();
  /** By key: how many calls it did not know the answer to. */
  readonly #begun = new Map<string, number>();
  readonly #retryAfter: string;
  readonly #server: Server;
  /** Calls that it thinks about now. */
  thinking = 0;

  private constructor({ latencyMs = 300, retryAfterSeconds = 1 }: StubOptions) {
    this.latencyMs = latencyMs;
    this.#retryAfter = String(retryAfterSeconds);
    this.#server = createServer((request, response) => void this.#take(request, response));
  }

  static async open(options: StubOptions = {}): Promise<ModelStub> {
    const stub = new ModelStub(options);
    stub.#server.listen(0, '127.0.0.1');
    await once(stub.#server, 'listening');
    return stub;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const began = performance.now();
    this.thinking += 1;
    try {
      const { messages } = (await json(request)) as Asked;
      const text = messages.find(({ role }) => role === 'user')?.content ?? '';
      const key = String(request.headers['idempotency-key']);
      const outcome = await this.#answer(key, text, response);
      this.calls.push({
        idempotencyKey: key,
        subject: text.split('\n', 1).join(''),
        outcome,
        ms: performance.now() - began,
      });
    } catch {
      response.destroy(); // whoever asked is gone
    } finally {
      this.thinking -= 1;
    }
  }

  async #answer(key: string, text: string, response: ServerResponse): Promise<StubCall['outcome']> {
    const known = this.#answers.get(key);
    if (known !== undefined) return say(response, 200, await known, 'repeated');
    const before = this.#begun.get(key) ?? 0;
    this.#begun.set(key, before + 1);
    const trouble = this.isDown ? 'broken' : this.troubles[before];
    if (trouble !== undefined) return this.#fail(trouble, response);
    const answer = wait(this.latencyMs).then(() => JSON.stringify(completion(classify(text))));
    this.#answers.set(key, answer);
    return say(response, 200, await answer, 'answered');
  }

  async #fail(trouble: Trouble, response: ServerResponse): Promise<StubCall['outcome']> {
    if (trouble === 'silent') {
      await once(response, 'close');
      return 'hung up';
    }
    const { status, message } = ERRORS[trouble];
    if (trouble === 'limited') response.setHeader('retry-after', this.#retryAfter);
    return say(response, status, JSON.stringify({ error: { message } }), trouble);
  }
}

function say(
  response: ServerResponse,
  status: number,
  body: string,
  outcome: StubCall['outcome'],
): StubCall['outcome'] {
  response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  return outcome;
}

function completion(classification: Classification): object {
  const message = { role: 'assistant', content: JSON.stringify(classification) };
  return { object: 'chat.completion', choices: [{ index: 0, message, finish_reason: 'stop' }] };
}

function classify(text: string): Classification {
  const category = WORDS.find(([, words]) => words.test(text))?.[0] ?? 'question';
  const urgency: Urgency = URGENT.test(text) ? 'high' : 'normal';
  return { category, urgency, summary: text.replace(/\s+/g, ' ').slice(0, 80) };
}
