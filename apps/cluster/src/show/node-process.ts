import { AppProcess } from 'play';
import type { ProcessPlan } from 'play';

const MAIN = new URL('../node/main.js', import.meta.url);
/** There are several of them: so many lines of the log of each. */
const LAST_WORDS = 10;

/** One process of the cluster. */
export class NodeProcess extends AppProcess {
  state = 'starts';

  constructor({ name, env, folder }: Omit<ProcessPlan, 'main'>) {
    super({ name, main: MAIN, env: { ...env, NODE_NAME: name }, folder });
  }

  /** Whether it has ended although nobody here told it to. */
  get hasDied(): boolean {
    return this.state === 'lives' && this.hasEnded;
  }

  override async start(): Promise<void> {
    this.state = 'starts';
    await super.start();
    this.state = 'lives';
  }

  override async kill(): Promise<void> {
    this.state = 'killed';
    await super.kill();
  }

  /** Lets it end what it runs. @returns whether it ended by itself, and well; one that was killed on purpose did */
  async endsWell(): Promise<boolean> {
    if (this.hasEnded) return this.state === 'killed';
    const code = await this.close();
    this.state = code === 0 ? 'stopped' : `ended with ${code}`;
    return code === 0;
  }

  override lastWords(lines = LAST_WORDS): string {
    return super.lastWords(lines);
  }
}
