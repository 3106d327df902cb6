import type { ExecutionId, FiringId } from '../../model/ids.js';
import type { ExecutionState } from '../../model/states.js';
import type { DedupWish, FiringDraft } from '../commits/firing.draft.js';
import type { World } from './racing.contract.js';

const MINUTE_MS = 60_000;

interface Key {
  readonly holder: FiringId;
  /** `null`: held without an end. */
  readonly until: number | null;
  readonly failures: number;
}

interface Firing {
  readonly draft: FiringDraft;
  readonly open: number;
  readonly failed: number;
}

interface Execution {
  readonly firing: FiringId;
  readonly state: Extract<ExecutionState, 'running' | 'cancelling' | 'completed' | 'failed' | 'cancelled'>;
  /** Its only task. */
  readonly task: 'ready' | 'running' | 'completed' | 'failed' | 'cancelled';
}

/** What somebody asks of the store; executions have one task, and a `finish` is of a task that was claimed. */
export type Asked =
  | { readonly kind: 'fire'; readonly draft: FiringDraft }
  | { readonly kind: 'finish'; readonly id: ExecutionId; readonly state: 'completed' | 'failed' }
  | { readonly kind: 'cancel' | 'retry'; readonly id: ExecutionId };

/** The table of semantics §3 as a pure object: who holds which key, and what anybody who asks is answered. */
export class KeyModel implements World<Asked, KeyModel> {
  constructor(
    readonly keys: ReadonlyMap<string, Key> = new Map(),
    readonly firings: ReadonlyMap<FiringId, Firing> = new Map(),
    readonly executions: ReadonlyMap<ExecutionId, Execution> = new Map(),
    /** The open dead letter of a key. */
    readonly letters: ReadonlyMap<string, FiringId> = new Map(),
  ) {}

  /** What is answered, and what the world is then. */
  ask(asked: Asked, now: number): { readonly answer: string; readonly next: KeyModel } {
    const next = new KeyModel(
      new Map(this.keys),
      new Map(this.firings),
      new Map(this.executions),
      new Map(this.letters),
    );
    return { answer: next.#answer(asked, now), next };
  }

  get fingerprint(): string {
    return JSON.stringify([[...this.keys], [...this.executions], [...this.letters]]);
  }

  /** Every task that is ready is claimed. */
  claim(): KeyModel {
    const executions = [...this.executions].map(
      ([id, execution]) =>
        [id, execution.task === 'ready' ? { ...execution, task: 'running' as const } : execution] as const,
    );
    return new KeyModel(this.keys, this.firings, new Map(executions), this.letters);
  }

  #answer(asked: Asked, now: number): string {
    if (asked.kind === 'fire') return this.#fire(asked.draft, now);
    const execution = this.executions.get(asked.id);
    if (execution === undefined) return 'absent';
    if (asked.kind === 'finish') return this.#finish(asked.id, execution, asked.state, now);
    return asked.kind === 'cancel' ? this.#cancel(asked.id, execution, now) : this.#retry(asked.id, execution);
  }

  #fire(draft: FiringDraft, now: number): string {
    for (const kind of ['idempotency', 'dedup'] as const) {
      const wish = draft[kind];
      if (wish === null || ignoresKeys(wish)) continue;
      const key = this.keys.get(keyName(wish));
      const isFree = key === undefined || (key.until !== null && (key.until <= now || wish.replay));
      if (!isFree) {
        const cooling = key.failures > 0 && key.until !== null ? ` until ${Math.floor(key.until / 1_000)}` : '';
        return `duplicate by ${kind} of ${key.holder}${cooling}`;
      }
    }
    const letter = draft.state === 'dead' && draft.dedup !== null ? keyName(draft.dedup) : null;
    const open = letter === null ? undefined : this.letters.get(letter);
    for (const wish of [draft.idempotency, draft.dedup]) {
      if (wish === null || ignoresKeys(wish)) continue;
      const until = wish.windowMs === null ? null : now + wish.windowMs;
      const failures = this.keys.get(keyName(wish))?.failures ?? 0;
      this.#put('keys', keyName(wish), { holder: open ?? draft.id, until, failures });
    }
    if (open !== undefined) return `duplicate by letter of ${open}`;
    if (letter !== null) this.#put('letters', letter, draft.id);
    for (const key of draft.closes) (this.letters as Map<string, FiringId>).delete(keyName(key));
    this.#put('firings', draft.id, { draft, open: draft.executions.length, failed: 0 });
    for (const { id } of draft.executions)
      this.#put('executions', id, { firing: draft.id, state: 'running', task: 'ready' });
    return 'stored';
  }

  #finish(id: ExecutionId, execution: Execution, state: 'completed' | 'failed', now: number): string {
    if (execution.task !== 'running') return 'refused';
    const end = execution.state === 'cancelling' ? 'cancelled' : state;
    this.#put('executions', id, { ...execution, state: end, task: state });
    this.#ended(execution.firing, end === 'failed', now);
    return 'written';
  }

  #ended(id: FiringId, isFailure: boolean, now: number): void {
    const before = this.firings.get(id) as Firing;
    const firing = { ...before, open: before.open - 1, failed: before.failed + (isFailure ? 1 : 0) };
    this.#put('firings', id, firing);
    const wish = firing.draft.dedup;
    if (firing.open > 0 || wish?.scope !== 'running') return;
    const key = this.keys.get(keyName(wish));
    if (key?.holder !== id) return;
    if (firing.failed === 0 || !wish.cooldown) return void (this.keys as Map<string, Key>).delete(keyName(wish));
    const until = now + Math.min(MINUTE_MS * 2 ** key.failures, 60 * MINUTE_MS);
    this.#put('keys', keyName(wish), { holder: id, until, failures: key.failures + 1 });
  }

  #cancel(id: ExecutionId, execution: Execution, now: number): string {
    if (execution.state === 'completed' || execution.state === 'failed') return `refused ${execution.state}`;
    if (execution.state !== 'running') return `done ${execution.state}`;
    const begun = execution.task === 'running';
    const cancelled = begun ? { state: 'cancelling' } : { state: 'cancelled', task: 'cancelled' };
    this.#put('executions', id, { ...execution, ...cancelled });
    if (!begun) this.#ended(execution.firing, false, now);
    return `done ${cancelled.state}`;
  }

  #retry(id: ExecutionId, execution: Execution): string {
    if (execution.state !== 'failed' && execution.state !== 'cancelled') return `refused ${execution.state}`;
    if (execution.task === 'completed') return 'nothingLeft';
    const firing = this.firings.get(execution.firing) as Firing;
    const wish = firing.draft.dedup;
    if (wish?.scope === 'running') {
      const key = this.keys.get(keyName(wish));
      if (key !== undefined && key.holder !== execution.firing && key.until === null) return `held by ${key.holder}`;
      this.#put('keys', keyName(wish), { holder: execution.firing, until: null, failures: key?.failures ?? 0 });
    }
    const failed = firing.failed - (execution.state === 'failed' ? 1 : 0);
    this.#put('firings', execution.firing, { ...firing, open: firing.open + 1, failed });
    this.#put('executions', id, { ...execution, state: 'running', task: 'ready' });
    return 'done running';
  }

  #put(table: 'keys' | 'firings' | 'executions' | 'letters', key: string, value: object | string): void {
    (this[table] as Map<string, object | string>).set(key, value);
  }
}

/** A replay has no part in windows. */
function ignoresKeys({ replay, scope }: DedupWish): boolean {
  return replay && scope !== 'running';
}

/** A key by a name. */
export function keyName({ space, key }: { readonly space: string; readonly key: Buffer }): string {
  return `${space}/${key.toString('hex')}`;
}
