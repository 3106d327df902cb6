import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { DatabaseOptions } from 'nestjs-triggers';
import { forMs } from '../harness/pace.js';
import { PostgresServer } from '../harness/postgres.js';
import { AppProcess } from './app/app-process.js';
import { ControlProcess } from './control/control-process.js';
import { DemoClient } from './load/demo.client.js';
import { MixedLoad } from './load/mixed-load.js';
import type { LongRunOptions } from './options.js';
import { closing } from './closing.js';
import { retentionFor } from './retention.js';
import { Report } from './report.js';
import { watchLedger } from '../harness/ledger-watch.js';
import { Sampler } from './watch/sampler.js';

const SAMPLE_EVERY_MS = 5_000;
const MINUTE_MS = 60_000;
const TOKEN = 'long-run-token';

/** Starts the demo, keeps it busy, looks at it all the while, and judges what was seen. */
export class LongRun {
  readonly #folder: string;
  readonly #report: Report;
  #postgres: PostgresServer | undefined;

  constructor(private readonly options: LongRunOptions) {
    const { out, store } = options;
    this.#folder = resolve(out ?? mkdtempSync(join(tmpdir(), `nestjs-triggers-long-run-${store}-`)));
    mkdirSync(this.#folder, { recursive: true });
    this.#report = new Report(this.#folder, options);
  }

  /** @returns whether everything is flat and nothing was wrong */
  async run(): Promise<boolean> {
    const database = await this.#database();
    const inboxDir = join(this.#folder, 'inbox');
    const settings = { database, inboxDir, token: TOKEN, retention: retentionFor(this.options.minutes) };
    const { app, url } = await AppProcess.start(settings, join(this.#folder, 'app.log'));
    const client = new DemoClient(url, TOKEN);
    const ledger = await watchLedger(database);
    const control = new ControlProcess(join(this.#folder, 'control'));
    const load = new MixedLoad(app, client, inboxDir);
    const sampler = new Sampler(app, ledger, control, load.operators.touched);
    try {
      await load.begin(this.options.rate);
      await this.#watch(sampler);
      const faults = await closing({ app, client, load, sampler });
      return this.#report.finish(faults, load.regularly.done);
    } finally {
      await Promise.all([ledger.close(), control.stop(), app.stop()]);
      await this.#postgres?.stop();
    }
  }

  async #watch(sampler: Sampler): Promise<void> {
    const end = performance.now() + this.options.minutes * MINUTE_MS;
    for (let next = performance.now(); next < end; next += SAMPLE_EVERY_MS) {
      await forMs(Math.max(1, next - performance.now()));
      this.#report.add(await sampler.sample());
    }
  }

  async #database(): Promise<DatabaseOptions> {
    if (this.options.store === 'sqlite') return { type: 'sqlite', path: join(this.#folder, 'triggers.db') };
    this.#postgres = await PostgresServer.start();
    return { type: 'postgres', url: await this.#postgres.database('long_run') };
  }
}
