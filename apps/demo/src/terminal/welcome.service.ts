import { Inject, Injectable } from '@nestjs/common';
import type { OnModuleDestroy } from '@nestjs/common';
import { TriggersService } from 'nestjs-triggers';
import type { FileArrived } from '../files/file-arrived.js';
import { InboxService } from '../files/inbox.service.js';
import { SETTINGS } from '../settings.js';
import type { DemoSettings } from '../settings.js';

const SAMPLE_NAME = 'sample.csv';
const SAMPLE = `\
order,customer,quantity,amount
A-1001,Ada,2,19.90
A-1002,Grace,1,249.00
A-1003,Edsger,12,7.20
A-1004,Barbara,3,64.50
`;
/** Whoever has files of their own is faster. */
const SAMPLE_AFTER_MS = 1_500;

/** What a newcomer sees first: where things are, what to try, and one file that is processed. */
@Injectable()
export class WelcomeService implements OnModuleDestroy {
  #sampleTimer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(SETTINGS) private readonly settings: DemoSettings,
    private readonly inbox: InboxService,
    private readonly triggers: TriggersService,
  ) {}

  onModuleDestroy(): void {
    clearTimeout(this.#sampleTimer);
  }

  /** Prints addresses, and commands that can be pasted as they are. */
  greet(url: string): void {
    const { token, tokenIsOurs } = this.settings;
    const admin = `${url}/admin/triggers`;
    const bearer = tokenIsOurs ? `'Authorization: Bearer ${token}'` : '"Authorization: Bearer $TRIGGERS_ADMIN_TOKEN"';
    const json = "-H 'content-type: application/json'";
    print([
      '',
      'nestjs-triggers demo',
      '',
      `  inbox    ${this.inbox.folder}`,
      `  admin    ${admin}${tokenIsOurs ? ' (a new token at every start, or yours: TRIGGERS_ADMIN_TOKEN)' : ''}`,
      '',
      '  look     ' + `curl -s -H ${bearer} ${admin}/executions`,
      '  files    ' + `printf 'item,price\\npen,2.5\\n' > '${this.inbox.path('my.csv')}'`,
      '  queue    ' + `curl -s ${url}/queue ${json} -d '{"n":150}'`,
      '  health   ' + `curl -s ${url}/service/health ${json} -d '{"healthy":false}'`,
      '',
    ]);
  }

  /** Gives the very first start something to do, and tells a later one what was done before. */
  async firstSteps(): Promise<void> {
    const { items } = await this.triggers.history('file_watcher', { limit: 1 });
    const [last] = items;
    if (last === undefined) {
      this.#sampleTimer = setTimeout(() => void this.#dropSample(), SAMPLE_AFTER_MS);
      return;
    }
    const { counts } = await this.triggers.get('file_watcher');
    const when = new Date(last.createdAt).toLocaleString();
    // Contexts come back from the history as JSON, whatever their workflow.
    const { filename } = (last.context ?? {}) as Partial<FileArrived>;
    print([
      `Welcome back. ${counts.fires} files fired so far; the last, ${filename ?? 'one'}, has ${last.state} (${when}).`,
      'What was processed is not processed again; drop or change a CSV file in the inbox.',
      '',
    ]);
  }

  async #dropSample(): Promise<void> {
    if (!(await this.inbox.isEmpty())) return;
    print(['The inbox is empty: here is a sample.']);
    await this.inbox.writeWhole(SAMPLE_NAME, SAMPLE, 'sample');
  }
}

function print(lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}
