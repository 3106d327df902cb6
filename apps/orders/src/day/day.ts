import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { AppProcess, comes, latenciesOf, makeDatabase, print } from 'play';
import type { DayOptions, Play, Stage } from 'play';
import { account, readLedger } from './account.js';
import { AdminClient } from './admin.client.js';
import { changes, contracts, maintenance } from './contract.acts.js';
import { badRow, leaving, registrations, rehearsal, takeOver } from './customer.acts.js';
import { DatabaseShell } from './database-shell.js';
import { orders, payments } from './order.acts.js';
import { Post } from './post.js';
import { powerCut } from './power-cut.act.js';
import type { Act, Scene } from './scene.js';
import { ShopClient } from './shop.client.js';
import type { Story } from './story.js';
import { tableOf } from './table.js';
import { countOf, differences, rolledBack } from './verdict.js';
import type { Outcome } from './verdict.js';

const MAIN = new URL('../serve/main.js', import.meta.url);

const ACTS: readonly Act[] = [
  ...[registrations, takeOver, contracts, changes, orders, payments],
  ...[rehearsal, badRow, maintenance, powerCut],
  // Repeats are counted in memory and written once a second: kill -9 may lose the last of them, and no firing.
  leaving,
];

/** What an act has started is over when the next one begins. Where it once is not, the verdict will tell. */
const ACT_SETTLES_WITHIN_MS = 5_000;
const DAY_SETTLES_WITHIN_MS = 20_000;

interface Databases {
  readonly shop: string;
  readonly ledger: string;
}

/** A day of the shop, from empty databases to the verdict. */
export class Day implements Play {
  readonly #token = randomBytes(18).toString('base64url');

  constructor(
    private readonly options: DayOptions,
    private readonly stage: Stage,
  ) {}

  get stays(): boolean {
    return this.options.stay;
  }

  /** @returns whether every write is accounted for */
  async run(): Promise<boolean> {
    const scene = await this.#start();
    const stories: Story[] = [];
    let isSettled = true;
    for (const act of ACTS) {
      stories.push(...(await act(scene)));
      isSettled &&= await comes(() => isOver(scene, stories), ACT_SETTLES_WITHIN_MS);
    }
    let outcome = await outcomeOf(scene, stories);
    await comes(async () => {
      outcome = await outcomeOf(scene, stories);
      return differences(outcome).length === 0;
    }, DAY_SETTLES_WITHIN_MS);
    return this.#judge(scene, outcome);
  }

  async #start(): Promise<Scene> {
    const tell = (text: string): void => print(`${new Date().toTimeString().slice(0, 8)}  ${text}`);
    const post = await this.stage.open(() => new Post().listen());
    post.onTaken = ({ about, to, text }) => tell(`  ✉ ${about.padEnd(12)} → ${to}: ${text}`);
    const databases = await this.#databases();
    const app = await this.#open(databases, post);
    tell(`the shop is open (process ${app.pid})`);
    const shell = await this.stage.open(() => DatabaseShell.open(databases));
    const address = (): string => app.url;
    const [shop, admin] = [new ShopClient(address), new AdminClient(address, this.#token)];
    return { app, shop, shell, post, admin, customers: new Map(), contracts: [], tell };
  }

  /** On SQLite two files, because a file has one writer; on Postgres one database for both. */
  async #databases(): Promise<Databases> {
    const { options, stage } = this;
    const { database: server } = options;
    if (server === undefined) return { shop: join(stage.folder, 'shop.db'), ledger: join(stage.folder, 'triggers.db') };
    const { url } = await stage.open(() => makeDatabase(server, 'orders_day'));
    return { shop: url, ledger: url };
  }

  async #open({ shop, ledger }: Databases, { url }: Post): Promise<AppProcess> {
    const { folder } = this.stage;
    const env = {
      DATA_DIR: folder,
      DATABASE_URL: shop,
      TRIGGERS_DATABASE: ledger,
      TRIGGERS_ADMIN_TOKEN: this.#token,
      MAIL_URL: url,
      LEASE: '3s',
    };
    const app = await this.stage.open(() => new AppProcess({ name: 'shop', main: MAIN, env, folder }));
    await app.start();
    return app;
  }

  async #judge({ app, admin, shop, post }: Scene, outcome: Outcome): Promise<boolean> {
    ['', ...tableOf(outcome.rows), ''].forEach(print);
    print(`  the shop  answered: ${latenciesOf(shop.waited)}`);
    print(`  the post  took ${post.taken.length} mails; recognised ${post.repeated} that it had before\n`);
    const problems = differences(outcome);
    if (!this.options.stay) problems.push(...stopProblems(await app.close()));
    const count = outcome.rows.length;
    const none = `${rolledBack(outcome)} were rolled back and have started nothing.`;
    if (problems.length === 0) print(`Every write is accounted for: ${count} of ${count}. ${none}`);
    else ['Not every write is accounted for:', ...problems, '', app.lastWords()].forEach(print);
    print(lookFurther(admin.base, this.#token, this.options));
    return problems.length === 0;
  }
}

/** Whether nothing is on its way any more. */
async function isOver({ post, shell }: Scene, stories: readonly Story[]): Promise<boolean> {
  const expected = stories.reduce((sum, story) => sum + countOf(story.expected.mail), 0);
  return post.taken.length >= expected && (await shell.waiting()) === 0;
}

async function outcomeOf({ admin, post, shell }: Scene, stories: readonly Story[]): Promise<Outcome> {
  const { rows, unclaimed } = account(stories, await readLedger(admin), post.taken);
  return { rows, unclaimed, waiting: await shell.waiting(), mails: post.taken.length };
}

function stopProblems(code: number | string | null): string[] {
  return code === 0 ? [] : [`the application ended with ${code}`];
}

function lookFurther(base: string, token: string, { stay }: DayOptions): string {
  if (!stay) return '\nTo look further, let it stay: npm run example:orders -- --stay';
  return `
The shop stays open until Ctrl-C. To look further:
  alias admin='curl -s -H "Authorization: Bearer ${token}"'
  admin ${base}                                # the triggers
  admin ${base}/contract_review/firings        # what was fired, and when
  admin '${base}/dead-letters?state=all'         # what an operator had to mend
  admin ${base}/executions                     # and one of them with its tasks: /executions/<id>
  admin ${base}/audit                          # who did what`;
}
