import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Interface } from 'node:readline';

const KEEPER = resolve(__dirname, '../../scripts/postgres-keeper.mjs');

/** A Postgres of one test alone, which may crash: that of the test run belongs to all. */
export class OwnPostgres {
  private constructor(
    readonly url: string,
    private readonly keeper: ChildProcess,
    private readonly lines: Interface,
  ) {}

  static async start(): Promise<OwnPostgres> {
    const keeper = spawn(process.execPath, [KEEPER], { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: keeper.stdout });
    const [url] = (await Promise.race([once(lines, 'line'), once(keeper, 'exit').then(() => [])])) as unknown[];
    if (typeof url !== 'string') throw new Error('Postgres did not start; its reason is printed above.');
    return new OwnPostgres(url, keeper, lines);
  }

  /** It ends without a checkpoint, and recovers. Fulfilled when it serves again. */
  async crash(): Promise<void> {
    const back = once(this.lines, 'line');
    this.keeper.kill('SIGUSR2');
    await back;
  }

  async stop(): Promise<void> {
    const ended = once(this.keeper, 'exit');
    this.keeper.stdin?.end();
    await ended;
  }
}
