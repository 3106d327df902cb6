import type { ExecutionId, FiringId, LeaseToken, NodeId } from '../model/ids.js';
import { hasEnded } from '../model/states.js';
import { ALONE_FROM_RESCUE } from '../store/commits/claim.commit.js';
import type { World } from '../store/contract/racing.contract.js';
import { MAX_RESCUES_ALONE } from './rescuer.service.js';
import {
  begun,
  cancelled,
  claimed,
  finished,
  paused,
  putBack,
  resumed,
  retried,
  stranded,
} from './walk-execution.contract.js';
import type { Ending, Execution, Taken, Task, WhoTook } from './walk-execution.contract.js';

/** A claim as its holder knows it. */
export interface Held {
  readonly id: ExecutionId;
  readonly task: string;
  readonly token: LeaseToken;
}

/** What somebody asks of the store. */
export type Asked =
  | {
      readonly kind: 'fire';
      readonly firing: FiringId;
      readonly key: string | null;
      readonly starts: readonly Pick<Execution, 'id' | 'graph' | 'when'>[];
    }
  | { readonly kind: 'claim'; readonly alone: boolean }
  | (Held & { readonly kind: 'finish'; readonly ending: Ending })
  | (Held & { readonly kind: 'putBack'; readonly why: 'retry' | 'release'; readonly delayMs: number })
  | { readonly kind: 'pause' | 'resume' | 'cancel' | 'retry' | 'strand'; readonly id: ExecutionId }
  | { readonly kind: 'rescue'; readonly node: NodeId }
  | { readonly kind: 'prune'; readonly failedToo: boolean };

interface Firing {
  readonly key: string | null;
  readonly executions: readonly ExecutionId[];
}

/** Executions under their operators, one thing after the other: what each action is answered, and where it leads. */
export class WalkModel implements World<Asked, WalkModel> {
  constructor(
    readonly executions: ReadonlyMap<ExecutionId, Execution> = new Map(),
    readonly firings: ReadonlyMap<FiringId, Firing> = new Map(),
    /** Until when nodes live. */
    readonly leases: ReadonlyMap<NodeId, number> = new Map(),
    /** By execution and task, what nodes were handed in this round. */
    readonly taken: ReadonlyMap<string, Taken> = new Map(),
  ) {}

  get fingerprint(): string {
    return JSON.stringify([[...this.executions], [...this.firings.keys()]]);
  }

  /** The same world, which knows who lives and who was handed what. */
  knowing(leases: WalkModel['leases'], taken: WalkModel['taken']): WalkModel {
    return new WalkModel(this.executions, this.firings, leases, taken);
  }

  ask(asked: Asked, now: number): { readonly answer: string; readonly next: WalkModel } {
    const next = new WalkModel(new Map(this.executions), new Map(this.firings), this.leases, this.taken);
    return { answer: next.#answer(asked, now), next };
  }

  /** Tasks that may be claimed. */
  claimable(alone: boolean, now: number): string[] {
    return this.#tasks((task) => isClaimable(task, alone, now)).map(([{ id }, name]) => `${id}/${name}`);
  }

  #answer(asked: Asked, now: number): string {
    if (asked.kind === 'fire') return this.#fire(asked, now);
    if (asked.kind === 'claim') return this.#claim(asked.alone, now);
    if (asked.kind === 'rescue') return this.#rescue(asked.node, now);
    if (asked.kind === 'prune') return this.#prune(asked.failedToo);
    const execution = this.executions.get(asked.id);
    if (asked.kind === 'finish' || asked.kind === 'putBack') return this.#ran(asked, execution, now);
    if (execution === undefined) return asked.kind === 'strand' ? 'none' : 'absent';
    const { state } = execution;
    switch (asked.kind) {
      case 'pause':
        if (state === 'paused') return 'done paused';
        return state === 'pending' || state === 'running' ? this.#put(paused(execution)) : `refused ${state}`;
      case 'resume':
        return state === 'paused' ? this.#put(resumed(execution)) : `refused ${state}`;
      case 'cancel':
        if (state === 'cancelling' || state === 'cancelled') return `done ${state}`;
        return hasEnded(state) ? `refused ${state}` : this.#put(cancelled(execution));
      case 'retry':
        return state === 'failed' || state === 'cancelled' ? this.#retry(execution, now) : `refused ${state}`;
      case 'strand':
        return this.#strand(execution);
    }
  }

  #fire({ firing, key, starts }: Extract<Asked, { kind: 'fire' }>, now: number): string {
    const holder = this.#holderOf(key);
    if (holder !== undefined) return `duplicate of ${holder}`;
    (this.firings as Map<FiringId, Firing>).set(firing, { key, executions: starts.map(({ id }) => id) });
    for (const start of starts) this.#put(begun({ ...start, firing }, now, this.#whoTook));
    return 'stored';
  }

  #claim(alone: boolean, now: number): string {
    for (const execution of this.executions.values())
      this.#put(
        claimed(execution, (task, name) =>
          isClaimable(task, alone, now) ? this.#whoTook(execution.id, name) : undefined,
        ),
      );
    return 'claimed';
  }

  #ran(asked: Extract<Asked, { kind: 'finish' | 'putBack' }>, execution: Execution | undefined, now: number): string {
    const task = execution?.tasks[asked.task];
    if (execution === undefined || task?.state !== 'running' || task.by?.token !== asked.token) return 'refused';
    if (asked.kind === 'finish') this.#put(finished(execution, asked.task, asked.ending, now, this.#whoTook));
    else if (execution.state === 'cancelling') return 'refused';
    else
      this.#put(
        putBack(execution, asked.task, {
          runAt: now + asked.delayMs,
          attempt: task.attempt + (asked.why === 'retry' ? 1 : 0),
        }),
      );
    return 'written';
  }

  #retry(execution: Execution, now: number): string {
    const again = retried(execution, now);
    if (again === null) return 'nothingLeft';
    const holder = this.#holderOf(this.firings.get(execution.firing)?.key ?? null);
    return holder === undefined || holder === execution.firing ? this.#put(again) : `held by ${holder}`;
  }

  #strand(execution: Execution): string {
    if (!Object.values(execution.tasks).some(({ state }) => state === 'ready')) return 'none';
    const { state } = stranded(execution);
    this.#put(stranded(execution));
    return hasEnded(state) ? state : 'none';
  }

  #rescue(node: NodeId, now: number): string {
    const summary = { rescued: 0, abandoned: 0 };
    const isOrphan = ({ state, by }: Task): boolean =>
      state === 'running' && by !== null && by.owner !== node && (this.leases.get(by.owner) ?? 0) <= now;
    for (const [{ id }, name, task] of this.#tasks(isOrphan)) {
      const execution = this.executions.get(id) as Execution;
      const isSpent = task.rescues + 1 >= ALONE_FROM_RESCUE + MAX_RESCUES_ALONE;
      if (isSpent) summary.abandoned += 1;
      else if (execution.state !== 'cancelling') summary.rescued += 1;
      if (!isSpent && execution.state !== 'cancelling')
        this.#put(putBack(execution, name, { runAt: now, rescues: task.rescues + 1 }));
      else this.#put(finished(execution, name, isSpent ? 'failed' : 'cancelled', now, this.#whoTook));
    }
    return `${summary.rescued} rescued, ${summary.abandoned} abandoned`;
  }

  #prune(failedToo: boolean): string {
    let pruned = 0;
    for (const [firing, { executions }] of this.firings) {
      const states = executions.map((id) => (this.executions.get(id) as Execution).state);
      if (!states.every(hasEnded) || (!failedToo && states.includes('failed'))) continue;
      pruned += 1;
      (this.firings as Map<FiringId, Firing>).delete(firing);
      for (const id of executions) (this.executions as Map<ExecutionId, Execution>).delete(id);
    }
    return `${pruned} pruned`;
  }

  /** The firing that has a `running` key: something of it has not ended. */
  #holderOf(key: string | null): FiringId | undefined {
    if (key === null) return undefined;
    const isOpen = (id: ExecutionId): boolean => !hasEnded((this.executions.get(id) as Execution).state);
    return [...this.firings].find(([, firing]) => firing.key === key && firing.executions.some(isOpen))?.[0];
  }

  #tasks(of: (task: Task) => boolean): [Execution, string, Task][] {
    return [...this.executions.values()].flatMap((execution) =>
      Object.entries(execution.tasks).flatMap(([name, task]) =>
        of(task) ? [[execution, name, task] as [Execution, string, Task]] : [],
      ),
    );
  }

  readonly #whoTook: WhoTook = (id, task) => this.taken.get(`${id}/${task}`);

  #put(execution: Execution): string {
    (this.executions as Map<ExecutionId, Execution>).set(execution.id, execution);
    return `done ${execution.state}`;
  }
}

function isClaimable({ state, runAt, rescues }: Task, alone: boolean, now: number): boolean {
  return state === 'ready' && runAt <= now && rescues >= ALONE_FROM_RESCUE === alone;
}
