import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { print } from 'play';
import type { Play, Stage } from 'play';
import { Cluster, GPU_WORKER } from './cluster.js';
import { Customer } from './customer.js';
import { Feed } from './feed.js';
import { LedgerClient } from './ledger.client.js';
import { Misfortunes } from './misfortunes.js';
import type { ShowOptions } from './options.js';
import type { Screen } from './screen.js';
import { Servers } from './servers.js';
import { lineOf, praise, tableOf } from './summary.js';
import type { Scene } from './summary.js';
import { problemsOf } from './verdict.js';

const LOOK_EVERY_MS = 250;
/** Beyond the time of the orders: leases run out, killed work is done again. A slow machine may take its time. */
const PATIENCE_MS = 90_000;
/** At most so many problems are listed. */
const LISTED = 20;

/** The cluster at work, from an empty database to the verdict. */
export class Show implements Play {
  #trouble: Error | undefined;

  constructor(
    private readonly options: ShowOptions,
    private readonly stage: Stage,
    private readonly screen: Screen,
  ) {}

  /** @returns whether every order was done exactly once */
  async run(): Promise<boolean> {
    const { scene, ledger } = await this.#start();
    const misfortunes = new Misfortunes(scene.cluster, scene.feed, (text) => this.screen.tell(text));
    misfortunes.watch(scene.customer);
    this.#beside(scene.feed.run());
    const isDone = await this.#watch(scene, misfortunes, ledger);
    return this.#judge(scene, ledger, isDone);
  }

  async #start(): Promise<{ readonly scene: Scene; readonly ledger: LedgerClient }> {
    const { stage } = this;
    const { redis, database } = await new Servers(this.options, stage, (text) => this.screen.tell(text)).start();
    const customer = await stage.open(() => new Customer(join(stage.folder, 'effects.jsonl')).listen());
    const inbox = join(stage.folder, 'inbox');
    mkdirSync(inbox);
    const token = randomBytes(18).toString('base64url');
    const places = { database, redis, inbox, deliverTo: customer.url, token, folder: stage.folder };
    const cluster = await stage.open(() => new Cluster(places));
    const ledger = new LedgerClient(() => cluster.scheduler.url, token);
    const feed = await stage.open(() => new Feed(inbox, ledger, this.options));
    this.screen.tell('starting four processes: one that serves and polls, three that work');
    await cluster.start();
    const scene = { cluster, customer, feed, known: await ledger.nodes() };
    const names = scene.known.map(({ name, pid }) => `${name} (process ${pid})`);
    this.screen.tell(`the ledger knows ${names.join(', ')}`);
    return { scene, ledger };
  }

  /** Goes on while we watch. Whatever fails there ends the show. */
  #beside(work: Promise<void>): void {
    work.catch((error: unknown) => (this.#trouble ??= error instanceof Error ? error : new Error(String(error))));
  }

  /** Until everything is delivered and committed, and has been offered twice more; or until patience ends. */
  async #watch(scene: Scene, misfortunes: Misfortunes, ledger: LedgerClient): Promise<boolean> {
    const { customer, feed } = scene;
    const deadline = performance.now() + this.options.seconds * 1_000 + PATIENCE_MS;
    let pollsThen: number | undefined;
    while (performance.now() < deadline && !this.stage.isClosing) {
      this.screen.show(tableOf(scene), lineOf(scene));
      await wait(LOOK_EVERY_MS);
      scene.known = await ledger.nodes().catch(() => []);
      this.#beside(misfortunes.look());
      if (this.#trouble !== undefined) throw this.#trouble;
      if (customer.taken.length < feed.names.length || !misfortunes.areOver) continue;
      const [completed, polls] = await Promise.all([ledger.completed(), ledger.polls()]).catch(() => [0, 0]);
      if (completed < feed.names.length) continue;
      pollsThen ??= polls;
      if (polls >= pollsThen + 2) return true;
    }
    return false;
  }

  async #judge(scene: Scene, ledger: LedgerClient, isDone: boolean): Promise<boolean> {
    const { cluster, customer, feed } = scene;
    this.screen.show(tableOf(scene), lineOf(scene));
    const executions = await ledger.executions();
    const { names } = feed;
    const problems = problemsOf({ names, effects: customer.effects(), executions, gpuNode: GPU_WORKER });
    if (!isDone) problems.push('it took too long, or not everything went wrong that should have');
    problems.push(...(await cluster.stop()));
    const isGood = problems.length === 0;
    const words = isGood ? praise(scene) : ['Not every order was done exactly once:', ...problems.slice(0, LISTED)];
    print(`\n${words.join('\n')}`);
    if (!isGood) for (const node of cluster.nodes) print(`\n${node.name}:\n${node.lastWords()}`);
    return isGood;
  }
}
