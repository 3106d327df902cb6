import { AdminApi } from 'play';

/** A row of the firing ledger, as far as the day looks at it. */
export interface Firing {
  readonly id: string;
  readonly trigger: string | null;
  readonly state: string;
  readonly context: Readonly<Record<string, unknown>> | null;
  readonly duplicates: number;
  readonly executionIds: readonly string[];
}

/** An execution, as far as the day looks at it. */
export interface Execution {
  readonly id: string;
  readonly state: string;
}

/** A change that could not be fired, by the names of the database. */
export interface KeptChange {
  readonly operation: string;
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
  readonly changedAt: string;
}

interface Page<T> {
  readonly items: readonly T[];
}

/** What an operator of the shop does, over the admin API. */
export class AdminClient extends AdminApi<Firing> {
  async executions(): Promise<readonly Execution[]> {
    return (await this.ask<Page<Execution>>('GET', '/executions?limit=1000')).items;
  }

  /** The dead letters of a trigger that wait for somebody. */
  async letters(trigger: string): Promise<readonly { readonly id: string }[]> {
    return (await this.ask<Page<{ readonly id: string }>>('GET', `/dead-letters?trigger=${trigger}`)).items;
  }

  /** What a dead letter is about. */
  async keptChange(letter: string): Promise<KeptChange> {
    const { payload } = await this.ask<{ readonly payload: string }>('GET', `/dead-letters/${letter}`);
    return JSON.parse(payload) as KeptChange;
  }

  /** Fires a dead letter with a change that was mended. @returns the verdict */
  async replay(letter: string, payload: KeptChange, reason: string): Promise<string> {
    const { status } = await this.ask<{ readonly status: string }>('POST', `/dead-letters/${letter}/replay`, {
      payload,
      reason,
    });
    return status;
  }
}
