import { AdminApi } from 'play';

/** A row of the firing ledger, as far as the day looks at it. */
export interface Firing {
  readonly id: string;
  readonly trigger: string | null;
  readonly state: string;
  readonly reason: string | null;
  readonly duplicates: number;
  readonly executionIds: readonly string[];
  readonly createdAt: string;
}

/** An execution, as far as the day looks at it. */
export interface Execution {
  readonly id: string;
  readonly workflow: string;
  readonly state: string;
  readonly firingId: string;
  readonly result: Readonly<Record<string, unknown>> | null;
  readonly tasks: readonly TaskExecution[];
}

/** A task of it. */
export interface TaskExecution {
  readonly task: string;
  /** Those that failed, and the last one. */
  readonly attempts: readonly { readonly error: { readonly message: string } | null }[];
  /** How often it was taken back from a process that died. */
  readonly rescues: number;
}

/** What the admin API answers to somebody who fires. */
export interface Fired {
  readonly status: number;
  readonly verdict: string;
  readonly firingId: string | null;
  readonly executionIds: readonly string[];
}

/** In its own words; of a refusal there is a code. */
interface Answer extends Partial<Pick<Fired, 'firingId' | 'executionIds'>> {
  readonly status?: string;
  readonly code?: string;
}

/** What an operator of the application does, over the admin API. */
export class AdminClient extends AdminApi<Firing> {
  execution(id: string): Promise<Execution> {
    return this.ask('GET', `/executions/${id}`);
  }

  /** Fires a trigger by hand. */
  async fire(trigger: string, context?: object): Promise<Fired> {
    return this.#change(`/${trigger}/fire`, context === undefined ? {} : { context });
  }

  /** Starts a dead letter with a payload that was mended. */
  async replay(firingId: string, payload: object, reason: string): Promise<Fired> {
    return this.#change(`/dead-letters/${firingId}/replay`, { payload, reason });
  }

  /** A failed execution goes on from the tasks that did not complete. */
  async retry(executionId: string, reason: string): Promise<void> {
    await this.ask('POST', `/executions/${executionId}/retry`, { reason });
  }

  async #change(path: string, body: object): Promise<Fired> {
    const response = await this.send('POST', path, body);
    const { status, code, firingId = null, executionIds = [] } = (await response.json()) as Answer;
    return { status: response.status, verdict: code ?? String(status), firingId, executionIds };
  }
}
