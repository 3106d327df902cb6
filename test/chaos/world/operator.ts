import type { Random } from '../random.js';
import { pause } from '../pause.js';
import type { Answer } from './worker.process.js';

const EVERY_MS = [60, 200] as const;

type Ask = (method: 'GET' | 'POST', path: string, body?: unknown) => Promise<Answer | null>;
interface Listed {
  readonly id: string;
  readonly state: string;
}

/** Somebody at the admin API who cancels, pauses, resumes and retries executions now and then. */
export class Operator {
  /** Executions that were asked to be cancelled; nobody knows whether an answer that got lost was a yes. */
  readonly cancelled = new Set<string>();
  /** Executions that were asked to be retried. */
  readonly retried = new Set<string>();
  /** Executions that were asked to be paused: they wait for the operator, and not for us. */
  readonly paused = new Set<string>();
  isOver = false;

  constructor(
    private readonly random: Random,
    private readonly ask: Ask,
  ) {}

  async work(): Promise<void> {
    while (!this.isOver) {
      await pause(this.random.between(...EVERY_MS));
      const execution = this.random.pick(await this.#list());
      if (execution === undefined) continue;
      if (execution.state === 'failed') await this.#do('retry', execution.id);
      else if (this.random.chance(0.2)) await this.#do('cancel', execution.id);
      else await this.#do(execution.state === 'paused' ? 'resume' : 'pause', execution.id);
    }
  }

  /** Lets everything go on that is paused. */
  async resumeAll(): Promise<void> {
    for (const { id } of await this.#list('paused')) await this.#do('resume', id);
  }

  async #list(state?: string): Promise<readonly Listed[]> {
    const answer = await this.ask('GET', `/executions?limit=200${state === undefined ? '' : `&state=${state}`}`);
    return answer?.status === 200 ? (answer.body as { items: Listed[] }).items : [];
  }

  async #do(what: 'cancel' | 'pause' | 'resume' | 'retry', id: string): Promise<void> {
    if (what === 'cancel') this.cancelled.add(id);
    if (what === 'pause') this.paused.add(id);
    if (what === 'retry') this.retried.add(id);
    await this.ask('POST', `/executions/${id}/${what}`, {});
  }
}
