import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { account, readLedger } from './account.js';
import { AdminClient } from './admin.client.js';
import { AppProcess } from './app-process.js';
import { changes, contracts, maintenance } from './contract.acts.js';
import { badRow, leaving, registrations, rehearsal, takeOver } from './customer.acts.js';
import { DatabaseShell } from './database-shell.js';
import type { DayOptions } from './options.js';
import { orders, payments } from './order.acts.js';
import { Post } from './post.js';
import { powerCut } from './power-cut.act.js';
import { comes } from './scene.js';
import type { Act, Scene } from './scene.js';
import { makeDatabase } from './server.js';
import { ShopClient } from './shop.client.js';
import type { Story } from './story.js';
import { latenciesOf, tableOf } from './table.js';
import { countOf, differences, rolledBack } from './verdict.js';
import type { Outcome } from './verdict.js';

const ACTS: readonly Act[] = [
  ...[registrations, takeOver, contracts, changes, orders, payments],
  ...[rehearsal, badRow, maintenance, powerCut],
  // Repeats are counted in memory and written once a second: kill -9 may lose the last of them, and no firing.
  leaving,
];

/** What an act has started is over when the next one begins. Where it once is not, the verdict will tell. */
const ACT_SETTLES_WITHIN_MS = 5_000;
const DAY_SETTLES_WITHIN_MS = 20_000;

/** A day of the shop, from empty databases to the verdict. Whatever happens, {@link close} leaves nothing behind. */
export class Day {
  readonly #folder = mkdtempSync(join(tmpdir(), 'nestjs-triggers-orders-'));
  readonly #token = randomBytes(18).toString('base64url');
  /** What was opened, to be closed in the opposite order. */
  readonly #open: (() => Promise<unknown>)[] = [];
  #closing: Promise<boolean> | undefined;

  constructor(
    private readonly options: DayOptions,
    private readonly print: (line: string) => void,
    private readonly complain: (problem: unknown) => void,
  ) {
    process.on('exit', () => rmSync(this.#folder, { recursive: true, force: true }));
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

  /** Ends every process, and deletes every file. Complains of what stays. @returns whether nothing does */
  close(): Promise<boolean> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #start(): Promise<Scene> {
    const tell = (text: string): void => this.print(`${new Date().toTimeString().slice(0, 8)}  ${text}`);
    const post = await Post.open(({ about, to, text }) => tell(`  ✉ ${about.padEnd(12)} → ${to}: ${text}`));
    this.#open.push(() => post.close());
    const databases = await this.#databases();
    const app = new AppProcess(this.#folder, {
      DATABASE_URL: databases.shop,
      TRIGGERS_DATABASE: databases.ledger,
      TRIGGERS_ADMIN_TOKEN: this.#token,
      MAIL_URL: post.url,
      LEASE: '3s',
    });
    this.#open.push(() => app.stop());
    await app.start();
    tell(`the shop is open (process ${app.pid})`);
    const shell = await DatabaseShell.open(databases);
    this.#open.push(() => shell.close());
    const address = (): string => app.url;
    const [shop, admin] = [new ShopClient(address), new AdminClient(address, this.#token)];
    return { app, shop, shell, post, admin, customers: new Map(), contracts: [], tell };
  }

  /** On SQLite two files, because a file has one writer; on Postgres one database for both. */
  async #databases(): Promise<{ readonly shop: string; readonly ledger: string }> {
    const { database: server } = this.options;
    if (server === undefined) return { shop: join(this.#folder, 'shop.db'), ledger: join(this.#folder, 'triggers.db') };
    const database = makeDatabase(server);
    this.#open.push(() => database.drop());
    const url = await database.url;
    return { shop: url, ledger: url };
  }

  async #judge({ app, admin, shop, post }: Scene, outcome: Outcome): Promise<boolean> {
    ['', ...tableOf(outcome.rows), ''].forEach(this.print);
    this.print(`  the shop  answered: ${latenciesOf(shop.waited)}`);
    this.print(`  the post  took ${post.mails.length} mails; recognised ${post.repeated} that it had before\n`);
    const problems = differences(outcome);
    if (!this.options.stay) problems.push(...stopProblems(await app.stop()));
    const count = outcome.rows.length;
    const none = `${rolledBack(outcome)} were rolled back and have started nothing.`;
    if (problems.length === 0) this.print(`Every write is accounted for: ${count} of ${count}. ${none}`);
    else ['Not every write is accounted for:', ...problems, '', app.lastWords()].forEach(this.print);
    this.print(lookFurther(admin.base, this.#token, this.options));
    return problems.length === 0;
  }

  async #close(): Promise<boolean> {
    let isTidy = true;
    for (const close of this.#open.reverse()) {
      await close().catch((error: unknown) => {
        this.complain(error); // and go on, or what is open would keep the process
        isTidy = false;
      });
    }
    rmSync(this.#folder, { recursive: true, force: true });
    return isTidy;
  }
}

/** Whether nothing is on its way any more. */
async function isOver({ post, shell }: Scene, stories: readonly Story[]): Promise<boolean> {
  const expected = stories.reduce((sum, story) => sum + countOf(story.expected.mail), 0);
  return post.mails.length >= expected && (await shell.waiting()) === 0;
}

async function outcomeOf({ admin, post, shell }: Scene, stories: readonly Story[]): Promise<Outcome> {
  const { rows, unclaimed } = account(stories, await readLedger(admin), post.mails);
  return { rows, unclaimed, waiting: await shell.waiting(), mails: post.mails.length };
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
