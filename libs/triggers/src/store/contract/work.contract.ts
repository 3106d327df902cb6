import { newId } from '../../model/ids.js';
import { NODE_ROLES } from '../../model/node-roles.js';
import type { ExecutionId, NodeId } from '../../model/ids.js';
import type { ClaimedTask, Claimer, ReadyTask } from '../claimer.js';
import { CLAIM_TASKS } from '../commits/claim.commit.js';
import { FINISH } from '../commits/finish.commit.js';
import type { FinishItem, FinishOutcome } from '../commits/finish.commit.js';
import { FIRING } from '../commits/firing.commit.js';
import type { FiringDraft, FiringVerdict } from '../commits/firing.draft.js';
import { PUT_BACK_TASK } from '../commits/put-back.commit.js';
import type { PutBackItem } from '../commits/put-back.commit.js';
import { registerNode } from '../node.repository.js';
import type { NodeRegistration } from '../node.repository.js';
import type { Store } from '../store.service.js';
import { draftOf } from './drafts.contract.js';
import type { DraftGiven } from './drafts.contract.js';
import type { StoreKit } from './kit.contract.js';

/** What a node says of itself; what a test leaves out is unremarkable. */
export function nodeOf(
  given: Pick<NodeRegistration, 'id' | 'name' | 'leaseMs'> & Partial<NodeRegistration>,
): NodeRegistration {
  const host = { host: 'machine', pid: 1, version: '0.0.0' };
  return { workflows: [], roles: NODE_ROLES, pools: ['default'], concurrency: 20, ...host, ...given };
}

/** The engine of a node, as far as the store sees it: it takes tasks and does nothing with them. */
export class FakeEngine implements Claimer {
  nodeId = newId<NodeId>();
  readonly declared: string[] = ['w1:h1', 'w2:h1', 'w3:h1'];
  pools: readonly string[] = ['default'];
  /** Where this node's code has tasks by now that are not in the pool `default`. */
  readonly moved = new Map<string, string>();
  /** Every task that it was told of, in order. */
  readonly started: ClaimedTask[] = [];
  readonly wakes: number[] = [];
  /** What was told, in order: `started a`, `settled …`. */
  readonly log: string[] = [];
  slots = 0;
  isQuiet = false;
  /** Tasks that commits left ready. */
  readonly ready: ReadyTask[] = [];

  constructor(readonly store: Store) {}

  /** A node of this store, alive for `leaseMs`. */
  static async on(store: Store, leaseMs = 3_600_000): Promise<FakeEngine> {
    const engine = new FakeEngine(store);
    store.commits.claimer = engine;
    store.commits.onReady = (inMs, tasks) => engine.wake(inMs, tasks);
    await store.change(() =>
      registerNode(nodeOf({ id: engine.nodeId, name: 'test', leaseMs, workflows: engine.declared })),
    );
    return engine;
  }

  accepts(workflow: string, hash: string, pool: string): boolean {
    return this.declared.includes(`${workflow}:${hash}`) && this.pools.includes(pool);
  }

  poolOf(workflow: string, hash: string, task: string): string | undefined {
    return this.declared.includes(`${workflow}:${hash}`) ? (this.moved.get(task) ?? 'default') : undefined;
  }

  poolsInTurn(): readonly string[] {
    return this.pools;
  }

  takeSlots(wanted: number): number {
    const taken = Math.min(wanted, this.slots);
    this.slots -= taken;
    return taken;
  }

  giveBackSlots(places: number): void {
    this.slots += places;
  }

  start(tasks: readonly ClaimedTask[]): void {
    for (const { task } of tasks) this.log.push(`started ${task}`);
    this.started.push(...tasks);
  }

  wake(inMs: number, tasks: readonly ReadyTask[]): void {
    this.wakes.push(inMs);
    this.ready.push(...tasks);
  }

  /** Claims up to `slots` ready tasks and returns those. */
  async claim(slots = 100, alone = false): Promise<ClaimedTask[]> {
    const before = this.started.length;
    const kept = this.slots;
    this.slots = slots;
    await this.store.commits.submit(CLAIM_TASKS, { alone, overdueMs: 0 });
    this.slots = kept;
    return this.started.slice(before);
  }

  /** Claims everything and returns the tasks by name. */
  async claimAll(): Promise<Record<string, ClaimedTask>> {
    return Object.fromEntries((await this.claim()).map((claimed) => [claimed.task, claimed]));
  }

  finish(claimed: ClaimedTask | undefined, given: Partial<FinishItem> = {}): Promise<FinishOutcome> {
    return this.store.commits.submit(FINISH, finishOf(claimed, given));
  }

  putBack(
    claimed: ClaimedTask | undefined,
    why: PutBackItem['why'],
    given: Partial<PutBackItem> = {},
  ): Promise<boolean> {
    if (claimed === undefined) throw new Error('The test claimed no such task.');
    const { facts, task, token } = claimed;
    return this.store.commits.submit(PUT_BACK_TASK, {
      why,
      executionId: facts.executionId,
      task,
      token,
      delayMs: 0,
      error: null,
      attempts: null,
      pool: null,
      ...given,
    });
  }

  /** Claims and finishes until nothing is ready. Returns the tasks that ran, in order. */
  async runAll(ending: (task: string) => Partial<FinishItem> = () => ({})): Promise<string[]> {
    const ran: string[] = [];
    for (let claimed = await this.claim(); claimed.length > 0; claimed = await this.claim()) {
      for (const task of claimed) {
        ran.push(task.task);
        await this.finish(task, ending(task.task));
      }
    }
    return ran;
  }
}

/** A store, and the engine of its node. */
export async function openWithEngine(kit: StoreKit): Promise<{ store: Store; engine: FakeEngine }> {
  const store = await kit.open();
  return { store, engine: await FakeEngine.on(store) };
}

/** The end of a task: completed, unless the test says otherwise. */
export function finishOf(claimed: ClaimedTask | undefined, given: Partial<FinishItem> = {}): FinishItem {
  if (claimed === undefined) throw new Error('The test claimed no such task.');
  const error = given.state === 'failed' ? { name: 'Error', message: 'broken' } : null;
  return {
    claimed,
    state: 'completed',
    output: null,
    error,
    reason: null,
    attempts: [],
    callback: null,
    workflowCallbacks: { onSuccess: false, onFailure: false },
    ...given,
  };
}

/** How a failed task ends, for {@link FakeEngine.finish}. */
export const FAILED = { state: 'failed' } as const;

/** Commits a firing. */
export function fire(store: Store, given: DraftGiven | FiringDraft = {}): Promise<FiringVerdict> {
  return store.commits.submit(FIRING, 'executions' in given ? given : draftOf(given));
}

/** Commits a firing that is stored, and returns the id of its first execution. */
export async function begin(store: Store, given: DraftGiven = {}): Promise<ExecutionId> {
  const verdict = await fire(store, given);
  const id = verdict.status === 'stored' ? verdict.executionIds[0] : undefined;
  if (id === undefined) throw new Error(`The firing is ${verdict.status}.`);
  return id;
}
