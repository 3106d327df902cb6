import type { Random } from '../random.js';
import { pause } from '../pause.js';
import type { Answer } from './worker.process.js';

const EVERY_MS = [60, 200] as const;
/** How often it turns to the switch of the webhook. */
const SWITCHES = 0.5;

type Ask = (method: 'GET' | 'POST' | 'PATCH', path: string, body?: unknown) => Promise<Answer | null>;
interface Listed {
  readonly id: string;
  readonly state: string;
}

/** Somebody at the admin API who now and then cancels, pauses, resumes and retries executions, and switches the webhook off and on. */
export class Operator {
  /** Executions that were asked to be cancelled; nobody knows whether an answer that got lost was a yes. */
  readonly cancelled = new Set<string>();
  /** How often executions were asked to be retried. */
  readonly retried = new Map<string, number>();
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
      if (this.random.chance(SWITCHES)) await this.#switch('delivered');
      const execution = this.random.pick(await this.#list());
      if (execution === undefined) continue;
      if (execution.state === 'failed') await this.#do('retry', execution.id);
      else if (this.random.chance(0.2)) await this.#do('cancel', execution.id);
      else await this.#do(execution.state === 'paused' ? 'resume' : 'pause', execution.id);
    }
  }

  /** Lets everything go on that is paused or held. To be asked again and again: what was asked for before may be done late. */
  async letGo(): Promise<void> {
    for (const { id } of await this.#list('paused')) await this.#do('resume', id);
    await this.#switch('delivered', true);
  }

  /** The same, and stops the schedule, which would never come to an end. */
  async settle(): Promise<void> {
    await this.letGo();
    await this.#switch('ticking', false);
  }

  /** Switches a trigger on or off; over, if nothing else is said. */
  async #switch(trigger: string, wanted?: boolean): Promise<void> {
    const answer = await this.ask('GET', `/${trigger}`);
    if (answer?.status !== 200) return;
    const isEnabled = (answer.body as Listed).state !== 'disabled';
    const enabled = wanted ?? !isEnabled;
    if (isEnabled !== enabled) await this.ask('PATCH', `/${trigger}`, { enabled });
  }

  async #list(state?: string): Promise<readonly Listed[]> {
    const answer = await this.ask('GET', `/executions?limit=200${state === undefined ? '' : `&state=${state}`}`);
    return answer?.status === 200 ? (answer.body as { items: Listed[] }).items : [];
  }

  async #do(what: 'cancel' | 'pause' | 'resume' | 'retry', id: string): Promise<void> {
    if (what === 'cancel') this.cancelled.add(id);
    if (what === 'pause') this.paused.add(id);
    if (what === 'retry') this.retried.set(id, (this.retried.get(id) ?? 0) + 1);
    await this.ask('POST', `/executions/${id}/${what}`, {});
  }
}
