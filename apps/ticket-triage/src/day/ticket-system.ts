import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { signedHeaders } from '../sender/standard-webhook.js';

/** What the ticket system was answered. */
export interface Answer {
  /** `null`: nobody answered. */
  readonly status: number | null;
  /** `accepted`, `duplicate`, `kept`, …; of refusals nothing. */
  readonly verdict: string | null;
  readonly firingId: string | null;
  readonly executionIds: readonly string[];
  /** From the first byte to the answer. */
  readonly ms: number;
}

/** Something to deliver. */
export interface Event {
  /** The sender's id: the same however often it is delivered. */
  readonly id: string;
  readonly payload: object;
}

/** How a delivery may differ from an honest one. */
export interface Manner {
  /** @default the secret that both know */
  readonly secret?: string;
  /** What is changed after it was signed. */
  readonly tamper?: (body: string) => string;
  /** When it was signed. @default now */
  readonly signedAt?: Date;
}

/** Between two attempts at one event; a real sender waits longer. */
const RETRY_EVERY_MS = 250;
const PATIENCE_MS = 60_000;

/** The ticket system: delivers events, signed, and delivers them again until somebody has answered. */
export class TicketSystem {
  readonly answers: Answer[] = [];

  constructor(
    private readonly address: () => string,
    private readonly secret: string,
  ) {}

  event(payload: object): Event {
    return { id: `msg_${randomUUID()}`, payload };
  }

  /**
   * Delivers an event until it is answered, by whatever: a refusal is an answer, too, but for "later" (429, 503).
   *
   * @returns the answer of every attempt, the last one is final
   */
  async deliver(event: Event, manner: Manner = {}): Promise<Answer[]> {
    const answers: Answer[] = [];
    for (const deadline = performance.now() + PATIENCE_MS; performance.now() < deadline; await wait(RETRY_EVERY_MS)) {
      const answer = await this.#attempt(event, manner);
      answers.push(answer);
      this.answers.push(answer);
      if (answer.status !== null && answer.status < 500 && answer.status !== 429) break;
    }
    return answers;
  }

  async #attempt({ id, payload }: Event, { secret = this.secret, tamper, signedAt }: Manner): Promise<Answer> {
    const body = JSON.stringify(payload);
    const headers = {
      'content-type': 'application/json',
      ...signedHeaders(body, { secret, id, at: signedAt ?? new Date() }),
    };
    const began = performance.now();
    try {
      const response = await fetch(`${this.address()}/webhooks/tickets`, {
        method: 'POST',
        headers,
        body: tamper?.(body) ?? body,
      });
      const told = (await response.json()) as { status?: unknown; firingId?: string; executionIds?: readonly string[] };
      return {
        status: response.status,
        verdict: typeof told.status === 'string' ? told.status : null,
        firingId: told.firingId ?? null,
        executionIds: told.executionIds ?? [],
        ms: performance.now() - began,
      };
    } catch {
      return { status: null, verdict: null, firingId: null, executionIds: [], ms: performance.now() - began };
    }
  }
}
