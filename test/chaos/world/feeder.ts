import { appendFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from '../random.js';
import type { Work } from '../worker/effects.js';
import { pause } from '../pause.js';
import type { Answer } from './worker.process.js';

/** How many items each way of firing gets in a round, in how many batches. */
const AMOUNTS = { counted: 18, keyed: 8, waiting: 6, direct: 10, delivered: 6 } as const;
const BATCHES = 5;
const PAUSE_MS = [40, 220] as const;
/** Where faults last longer than that many batches the machine is slow: it is fed on, but not faster than it works. */
const FAST_BATCHES = 80;
const SLOW_PAUSE_MS = [600, 1_200] as const;
const INSIST_EVERY_MS = 40;
/** The share of events that are sent again when they were answered. */
const SENT_TWICE = 0.3;

export type Way = keyof typeof AMOUNTS;
/** Read by polls, from files. */
type Polled = 'counted' | 'keyed' | 'waiting';
/** The workflows that are started over HTTP. */
const DIRECT = ['single', 'chain', 'fan'] as const;

/** A positive answer, and when it was asked for by `performance.now()`. */
interface Acknowledgement {
  readonly askedAt: number;
  readonly firingId: string;
}

/** Work that was sent over HTTP, and what the sender was told. */
export interface Sent {
  readonly work: Work;
  /** Ids of every positive answer; an answer is a promise. */
  readonly acknowledged: Acknowledgement[];
}

/** A workflow that was started over HTTP. */
export interface DirectStart extends Sent {
  readonly workflow: (typeof DIRECT)[number];
}

/** How requests reach a process that may be dying; each answers `null` when nobody answered. */
export interface Senders {
  start(path: string, body: unknown, key: string): Promise<Answer | null>;
  /** Sends an event, signed, to the webhook. */
  deliver(id: string, event: unknown): Promise<Answer | null>;
}

/**
 * Feeds real work: items into the files that polls read, and starts and events over HTTP that are insisted on until they are
 * answered. Some events are sent again after that, as vendors do.
 */
export class Feeder {
  readonly fed: Record<Polled, Work[]> = { counted: [], keyed: [], waiting: [] };
  readonly started: DirectStart[] = [];
  readonly delivered: Sent[] = [];
  /** Whether it goes on when everybody has had their share: as long as there are faults, there is load. */
  goesOn = false;
  /** Set when the round is given up. */
  isOver = false;

  constructor(
    private readonly folder: string,
    private readonly random: Random,
    private readonly senders: Senders,
  ) {
    mkdirSync(join(folder, 'done'));
  }

  /** Feeds everything; resolves when everything that was sent was acknowledged. */
  async feed(): Promise<void> {
    const insisting: Promise<void>[] = [];
    for (let batch = 0; (batch < BATCHES || this.goesOn) && !this.isOver; batch += 1) {
      if (batch > 0) await pause(this.random.between(...pauseBefore(batch)));
      for (const way of ['counted', 'keyed', 'waiting'] as const) this.#append(way, share(AMOUNTS[way], batch));
      for (let count = share(AMOUNTS.direct, batch); count > 0; count -= 1) insisting.push(this.#start());
      for (let count = share(AMOUNTS.delivered, batch); count > 0; count -= 1) insisting.push(this.#deliver());
    }
    await Promise.all(insisting);
  }

  /** Whether a body took an item off the list that the trigger `waiting` reads. */
  isTaken(item: string): boolean {
    return existsSync(join(this.folder, 'done', item));
  }

  #append(way: Polled, count: number): void {
    const items = Array.from({ length: count }, (_, index) => this.#work(way, this.fed[way].length + index));
    this.fed[way].push(...items);
    appendFileSync(join(this.folder, `${way}.jsonl`), items.map((item) => `${JSON.stringify(item)}\n`).join(''));
  }

  #start(): Promise<void> {
    const workflow = this.random.pick(DIRECT);
    const start: DirectStart = { work: this.#work('direct', this.started.length), workflow, acknowledged: [] };
    this.started.push(start);
    const { work } = start;
    return this.#insist(start, 1, () => this.senders.start(`/workflows/${workflow}/run`, { context: work }, work.item));
  }

  #deliver(): Promise<void> {
    const event: Sent = { work: this.#work('delivered', this.delivered.length), acknowledged: [] };
    this.delivered.push(event);
    const times = this.random.chance(SENT_TWICE) ? 2 : 1;
    return this.#insist(event, times, () => this.senders.deliver(event.work.item, event.work));
  }

  async #insist({ acknowledged }: Sent, times: number, send: () => Promise<Answer | null>): Promise<void> {
    while (!this.isOver && acknowledged.length < times) {
      const askedAt = performance.now();
      const answer = await send();
      if (answer !== null && answer.status < 300)
        acknowledged.push({ askedAt, firingId: (answer.body as { firingId: string }).firingId });
      else await pause(INSIST_EVERY_MS);
    }
  }

  #work(way: Way, number: number): Work {
    const fails = this.random.chance(0.2) ? 'once' : this.random.chance(0.12) ? 'always' : 'never';
    const ms = this.random.chance(0.1) ? this.random.between(100, 300) : this.random.between(0, 30);
    return { item: `${way}-${number}`, ms, fails };
  }
}

function share(amount: number, batch: number): number {
  return Math.floor((amount * (batch + 1)) / BATCHES) - Math.floor((amount * batch) / BATCHES);
}

function pauseBefore(batch: number): readonly [least: number, most: number] {
  return batch < FAST_BATCHES ? PAUSE_MS : SLOW_PAUSE_MS;
}
