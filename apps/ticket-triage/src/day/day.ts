import { randomBytes } from 'node:crypto';
import { AppProcess, comes, latenciesOf, makeDatabase, print } from 'play';
import type { DayOptions, Play, Stage } from 'play';
import { ModelStub } from '../model/model.stub.js';
import { account, readLedger } from './account.js';
import { AdminClient } from './admin.client.js';
import { Helpdesk } from './helpdesk.js';
import { cleaning, exporting, report } from './operator.acts.js';
import type { Act, Scene } from './scene.js';
import { forgeries, invalid, morning, night, repeats } from './sender.acts.js';
import type { Story } from './story.js';
import { tableOf } from './table.js';
import { TicketSystem } from './ticket-system.js';
import { limitedModel, longOutage, lostAnswer, maintenance, powerCut, shortOutage } from './trouble.acts.js';
import { differences } from './verdict.js';
import type { Outcome } from './verdict.js';

const MAIN = new URL('../serve/main.js', import.meta.url);

const ACTS: readonly Act[] = [
  ...[morning, repeats, report, forgeries, invalid],
  ...[limitedModel, shortOutage, longOutage, maintenance, powerCut, lostAnswer, exporting, cleaning, night],
];

/** What was under way when the last act was over. */
const SETTLES_WITHIN_MS = 20_000;

/** A day of the application, from an empty database to the verdict. */
export class Day implements Play {
  readonly #token = randomBytes(18).toString('base64url');

  constructor(
    private readonly options: DayOptions,
    private readonly stage: Stage,
  ) {}

  get stays(): boolean {
    return this.options.stay;
  }

  /** @returns whether every event is accounted for */
  async run(): Promise<boolean> {
    const scene = await this.#start();
    const stories: Story[] = [];
    for (const act of ACTS) stories.push(...(await act(scene, stories)));
    let outcome = await outcomeOf(scene, stories);
    await comes(async () => {
      outcome = await outcomeOf(scene, stories);
      return differences(outcome).length === 0;
    }, SETTLES_WITHIN_MS);
    return this.#judge(scene, outcome);
  }

  async #start(): Promise<Scene> {
    const { stage } = this;
    const model = await stage.open(() => ModelStub.open({ latencyMs: 600 }));
    const helpdesk = await stage.open(() => new Helpdesk().listen());
    const secret = `whsec_${randomBytes(24).toString('base64')}`;
    const env = {
      DATA_DIR: stage.folder,
      ...(await this.#database()),
      TRIGGERS_ADMIN_TOKEN: this.#token,
      WEBHOOK_SECRET: secret,
      OPENAI_BASE_URL: model.baseUrl,
      OPENAI_API_KEY: 'none',
      HELPDESK_URL: helpdesk.url,
      // Everything that takes seconds in production takes parts of one here.
      ...{ MODEL_TIMEOUT: '3s', MODEL_RETRY_DELAY: '300ms', LEASE: '3s', CLEAN_UP_EVERY: '10s' },
    };
    const app = await stage.open(() => new AppProcess({ name: 'application', main: MAIN, env, folder: stage.folder }));
    await app.start();
    const address = (): string => app.url;
    const [ticketSystem, admin] = [new TicketSystem(address, secret), new AdminClient(address, this.#token)];
    print(`the application runs (process ${app.pid}), its model is a stub that thinks for 600 ms\n`);
    return { app, model, helpdesk, ticketSystem, admin, tell: print };
  }

  async #database(): Promise<Record<string, string>> {
    const { database: server } = this.options;
    if (server === undefined) return {};
    const { url } = await this.stage.open(() => makeDatabase(server, 'ticket_triage_day'));
    return { TRIGGERS_DATABASE: url };
  }

  async #judge(scene: Scene, outcome: Outcome): Promise<boolean> {
    const { app, admin } = scene;
    ['', ...tableOf(outcome.rows), '', ...numbersOf(scene, outcome), ''].forEach(print);
    const problems = differences(outcome);
    if (!this.options.stay) problems.push(...stopProblems(await app.close()));
    const count = outcome.rows.length;
    if (problems.length === 0) print(`Every event is accounted for: ${count} of ${count}.`);
    else ['Not every event is accounted for:', ...problems, '', app.lastWords()].forEach(print);
    print(lookFurther(admin.base, this.#token, this.options));
    return problems.length === 0;
  }
}

async function outcomeOf({ admin, helpdesk, model }: Scene, stories: readonly Story[]): Promise<Outcome> {
  const ledger = await readLedger(admin);
  const { taken: messages } = helpdesk;
  return { rows: account(stories, ledger, messages), ledger, messages, calls: model.calls };
}

/** What the sender waited, beside what the model thought: that is why no model is called before the answer. */
function numbersOf({ ticketSystem, helpdesk }: Scene, { calls, messages }: Outcome): string[] {
  const acks = ticketSystem.answers.filter(({ status }) => status === 200 || status === 202);
  const thought = calls.filter(({ outcome }) => outcome === 'answered');
  const repeated = calls.filter(({ outcome }) => outcome === 'repeated');
  return [
    `  the ticket system  waited ${latenciesOf(acks.map(({ ms }) => ms))} acknowledgements`,
    `  the model          thought ${latenciesOf(thought.map(({ ms }) => ms))} answers; repeated ${repeated.length} that it had given before`,
    `  the helpdesk       took ${messages.length} messages; recognised ${helpdesk.repeated} that it had before`,
  ];
}

function stopProblems(code: number | string | null): string[] {
  return code === 0 ? [] : [`the application ended with ${code}`];
}

function lookFurther(base: string, token: string, { stay }: DayOptions): string {
  if (!stay) return '\nTo look further, let it stay: npm run example:ticket-triage -- --stay';
  return `
The application stays until Ctrl-C. To look further:
  alias admin='curl -s -H "Authorization: Bearer ${token}"'
  admin ${base}                                 # the triggers
  admin '${base}/tickets/firings?state=rejected'  # what was refused, and why
  admin ${base}/dead-letters                    # what an operator has to decide
  admin ${base}/executions                      # and one of them with its attempts: /executions/<id>
  admin ${base}/audit                           # who did what`;
}
