import { appendFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from '../random.js';
import type { Work } from '../worker/effects.js';
import { pause } from '../pause.js';
import type { Answer } from './worker.process.js';

/** How many items each way of firing gets in a round, in how many batches. */
const AMOUNTS = { counted: 18, keyed: 8, waiting: 6, direct: 10 } as const;
const BATCHES = 5;
const PAUSE_MS = [40, 220] as const;
const INSIST_EVERY_MS = 40;

export type Way = keyof typeof AMOUNTS;
/** The workflows that are started over HTTP. */
const DIRECT = ['single', 'chain', 'fan'] as const;

/** A positive answer, and when it was asked for by `performance.now()`. */
interface Acknowledgement {
  readonly askedAt: number;
  readonly firingId: string;
}

/** A workflow that was started over HTTP, and what the sender was told. */
export interface DirectStart {
  readonly work: Work;
  readonly workflow: (typeof DIRECT)[number];
  /** Ids of every positive answer; an answer is a promise. */
  readonly acknowledged: Acknowledgement[];
}

/** Sends one request to a process that may be dying; `null` when nobody answered. */
export type Send = (path: string, body: unknown, key: string) => Promise<Answer | null>;

/** Feeds real work: items into the files that polls read, and starts over HTTP that are insisted on until they are answered. */
export class Feeder {
  readonly fed: Record<Exclude<Way, 'direct'>, Work[]> = { counted: [], keyed: [], waiting: [] };
  readonly started: DirectStart[] = [];
  /** Whether it goes on when everybody has had their share: as long as there are faults, there is load. */
  goesOn = false;
  /** Set when the round is given up. */
  isOver = false;

  constructor(
    private readonly folder: string,
    private readonly random: Random,
    private readonly send: Send,
  ) {
    mkdirSync(join(folder, 'done'));
  }

  /** Feeds everything; resolves when every start was acknowledged. */
  async feed(): Promise<void> {
    const insisting: Promise<void>[] = [];
    for (let batch = 0; (batch < BATCHES || this.goesOn) && !this.isOver; batch += 1) {
      if (batch > 0) await pause(this.random.between(...PAUSE_MS));
      for (const way of ['counted', 'keyed', 'waiting'] as const) this.#append(way, share(AMOUNTS[way], batch));
      for (let count = share(AMOUNTS.direct, batch); count > 0; count -= 1) insisting.push(this.#insist());
    }
    await Promise.all(insisting);
  }

  /** Whether a body took an item off the list that the trigger `waiting` reads. */
  isTaken(item: string): boolean {
    return existsSync(join(this.folder, 'done', item));
  }

  #append(way: Exclude<Way, 'direct'>, count: number): void {
    const items = Array.from({ length: count }, (_, index) => this.#work(way, this.fed[way].length + index));
    this.fed[way].push(...items);
    appendFileSync(join(this.folder, `${way}.jsonl`), items.map((item) => `${JSON.stringify(item)}\n`).join(''));
  }

  async #insist(): Promise<void> {
    const workflow = this.random.pick(DIRECT);
    const start: DirectStart = { work: this.#work('direct', this.started.length), workflow, acknowledged: [] };
    this.started.push(start);
    while (!this.isOver && start.acknowledged.length === 0) {
      const askedAt = performance.now();
      const answer = await this.send(`/workflows/${workflow}/run`, { context: start.work }, start.work.item);
      if (answer !== null && answer.status < 300)
        start.acknowledged.push({ askedAt, firingId: (answer.body as { firingId: string }).firingId });
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
