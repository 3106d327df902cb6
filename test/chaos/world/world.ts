import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RedisServer } from '../../../bench/harness/redis.js';
import type { Random } from '../random.js';
import type { StoreName } from '../../../bench/harness/choices.js';
import type { Ledger, LedgerServer } from '../stores/ledger.js';
import type { WorkerSettings } from '../worker/settings.js';
import { Feeder } from './feeder.js';
import { Operator } from './operator.js';
import { pause } from '../pause.js';
import { WorkerProcess } from './worker.process.js';

/** Short, so that a round on Postgres need not wait long for what a dead process held. */
export const LEASE_MS = 900;

const FEED_PATIENCE_MS = 45_000;
const LOOK_EVERY_MS = 20;

/** What a scenario may set besides its faults. */
type WorkerOptions = Partial<Pick<WorkerSettings, 'crash' | 'countPoints' | 'clockOffMs' | 'database'>>;

/** What the rounds of a run have in common. */
export interface Surroundings {
  readonly server: LedgerServer;
  /** Processes that work at the same time; a scenario of one node decides that itself. */
  readonly nodes: number;
  /** Of those whose nodes are told by BullMQ. */
  readonly redis?: RedisServer | undefined;
}

/** Everything of one round: its folder, its ledger, its processes, its feeder and its operator. */
export class World {
  readonly feeder: Feeder;
  readonly operator: Operator;
  readonly workers: WorkerProcess[] = [];
  /** What the scenario did, for the line of the round. */
  readonly notes: string[] = [];
  /** When the scenario took the ledger away, by `performance.now()`. */
  ledgerLostAt: number | null = null;
  /** What the command that repeats this round has to say besides scenario and seed. */
  repeat = '';
  readonly #callers: Random;
  readonly #undo: (() => void)[] = [];
  #isFed = false;
  #operating: Promise<void> | undefined;

  private constructor(
    readonly folder: string,
    readonly random: Random,
    readonly surroundings: Surroundings,
    readonly ledger: Ledger,
  ) {
    this.#callers = random.branch(3);
    this.feeder = new Feeder(folder, random.branch(1), {
      start: (path, body, key) => this.#anyone().call('POST', path, body, key),
      deliver: (id, event) => this.#anyone().deliver(id, event),
    });
    this.operator = new Operator(random.branch(2), (method, path, body) => this.#anyone().call(method, path, body));
  }

  static async create(name: string, random: Random, surroundings: Surroundings): Promise<World> {
    const folder = mkdtempSync(join(tmpdir(), `nestjs-triggers-chaos-${name}-`));
    return new World(folder, random, surroundings, await surroundings.server.ledger(folder));
  }

  get server(): LedgerServer {
    return this.surroundings.server;
  }

  get redis(): RedisServer {
    const { redis } = this.surroundings;
    if (redis === undefined) throw new Error('A round with BullMQ needs a Redis.');
    return redis;
  }

  /** Starts a process that works on the ledger of this round. */
  start(options: WorkerOptions = {}): WorkerProcess {
    const worker = new WorkerProcess({
      database: this.ledger.place,
      folder: this.folder,
      name: `worker-${this.workers.length + 1}`,
      lease: `${LEASE_MS}ms`,
      ...this.#transport(),
      ...options,
    });
    this.workers.push(worker);
    return worker;
  }

  /** Starts processes, all at once, until there are as many as this round has nodes, and waits until all serve. */
  async startAll(optionsOf: (node: number) => WorkerOptions = () => ({})): Promise<readonly WorkerProcess[]> {
    for (let node = this.running.length; node < this.surroundings.nodes; node += 1) this.start(optionsOf(node));
    const { running } = this;
    await Promise.all(running.map((worker) => worker.ready()));
    return running;
  }

  /** Begins to feed, unless that has begun; the operator comes with it. */
  feed(): void {
    if (this.#operating !== undefined) return;
    void this.feeder.feed().then(() => (this.#isFed = true));
    this.#operating = this.operator.work();
  }

  /** Resolves when everything was fed and everything acknowledged; the operator leaves then. */
  async fedUp(): Promise<void> {
    this.feed();
    const deadline = performance.now() + FEED_PATIENCE_MS;
    while (!this.#isFed && this.running.length > 0 && performance.now() < deadline) await pause(LOOK_EVERY_MS);
    this.operator.isOver = true;
    await this.#operating;
  }

  get running(): WorkerProcess[] {
    return this.workers.filter(({ isRunning }) => isRunning);
  }

  get store(): StoreName {
    return this.ledger.options.type ?? 'sqlite';
  }

  /** Undoes something when the processes have ended. */
  atEnd(undo: () => void): void {
    this.#undo.push(undo);
  }

  /** Ends what may still run, and undoes what scenarios did to the machine. */
  async destroy(): Promise<void> {
    this.feeder.isOver = this.operator.isOver = true;
    await Promise.all(this.workers.map((worker) => worker.destroy()));
    for (const undo of this.#undo.splice(0)) undo();
  }

  async remove(): Promise<void> {
    await this.ledger.remove();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** A run has one Redis; each round has queues of its own in it. */
  #transport(): Pick<WorkerSettings, 'bullMq'> {
    const { redis } = this.surroundings;
    if (redis === undefined) return {};
    return { bullMq: { connection: `redis://127.0.0.1:${redis.port}`, prefix: this.ledger.place.schema! } };
  }

  /** Somebody who may answer. */
  #anyone(): WorkerProcess | Deaf {
    const serving = this.running.filter(({ url }) => url !== undefined);
    return serving.length === 0 ? NOBODY : this.#callers.pick(serving);
  }
}

type Deaf = Pick<WorkerProcess, 'call' | 'deliver'>;
const NOBODY: Deaf = { call: async () => null, deliver: async () => null };
