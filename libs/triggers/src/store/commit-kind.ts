import { newId } from '../model/ids.js';
import type { LeaseToken } from '../model/ids.js';
import type { ClaimedTask, Claimer, ReadyTask } from './claimer.js';
import type { FollowUp, Followers } from './followers.js';
import type { Work } from './dialects/batch.js';

/**
 * One kind of write that group commit folds. `run` sees all items of its kind in the group, in the order of their
 * arrival, and returns their outcomes in that order. It must be repeatable, because a group that fails is rolled back
 * and repeated item by item; and it touches rows in the order of their keys, or locks what they belong to in that order
 * first, so that two nodes never deadlock.
 */
export interface CommitKind<Item, Outcome> {
  readonly name: string;
  /** Place in a transaction: finishes first, claims last. */
  readonly order: number;
  /** An estimate of the parameters of the item, in bytes. */
  bytes(item: Item): number;
  run(items: readonly Item[], scope: CommitScope): Work<readonly Outcome[]>;
}

/** The places of the kinds in a transaction. */
export const COMMIT_ORDER = {
  finish: 0,
  putBack: 1,
  poll: 2,
  followUp: 3,
  replay: 4,
  delivery: 5,
  firing: 6,
  change: 7,
  message: 8,
  claim: 9,
} as const;

/** What one try of a group knows, and what it claims on the way. */
export class CommitScope {
  #reserved = 0;
  readonly #claimed: ClaimedTask[] = [];
  readonly #ready: ReadyTask[] = [];
  readonly #followUps: FollowUp[] = [];
  #readyInMs: number | null = null;

  constructor(
    readonly claimer: Claimer | null,
    /** The same items were tried before and the outcome of that COMMIT is unknown: recognise what is already there. */
    readonly repeated: boolean,
    /** Who follows ends of executions; `null` when nobody does. */
    readonly followers: Followers | null = null,
  ) {}

  /** A token and a slot for a task that may become ready in this commit, if the engine of this node has one. */
  reserve(workflow: string, hash: string, pool: string | null): LeaseToken | null {
    if (pool === null || this.claimer?.accepts(workflow, hash, pool) !== true || this.reserveSlots(1) === 0)
      return null;
    return newId<LeaseToken>();
  }

  /** The pool that this node's code gives a task; `null` when it does not know: then the row keeps what it has. */
  poolOf(workflow: string, hash: string, task: string): string | null {
    return this.claimer?.poolOf(workflow, hash, task) ?? null;
  }

  /** A task that a slot was reserved for did not become ready: whatever follows in this commit may have its slot. */
  giveBack(): void {
    this.#reserved -= 1;
    this.claimer?.giveBackSlots(1);
  }

  /** Up to `wanted` slots of the engine of this node. */
  reserveSlots(wanted: number): number {
    const taken = this.claimer?.takeSlots(wanted) ?? 0;
    this.#reserved += taken;
    return taken;
  }

  /** The commit claims this task, with a slot that was reserved. */
  claimed(task: ClaimedTask): void {
    this.#reserved -= 1;
    this.#claimed.push(task);
  }

  /** The commit leaves a task that is ready, now or after a while, and that nobody has claimed. */
  leavesReady(task: ReadyTask): void {
    this.#ready.push(task);
    this.leavesSomeReady(task.inMs);
  }

  /** As {@link leavesReady}, where it is not worth while to ask which. */
  leavesSomeReady(inMs = 0): void {
    this.#readyInMs = Math.min(inMs, this.#readyInMs ?? inMs);
  }

  /** After how long a task will be ready that nobody has claimed; `null`: the commit leaves none. */
  get readyInMs(): number | null {
    return this.#readyInMs;
  }

  /** The tasks that {@link readyInMs} speaks of, as far as the commit knows them. */
  get ready(): readonly ReadyTask[] {
    return this.#ready;
  }

  /** The commit leaves a follow-up that this node is to do. */
  leavesFollowUp(followUp: FollowUp): void {
    this.#followUps.push(followUp);
  }

  /** The commit is there: hands claimed tasks to the engine, and follow-ups to who does them. */
  succeeded(): void {
    if (this.#reserved > 0) this.claimer?.giveBackSlots(this.#reserved);
    if (this.#claimed.length > 0) this.claimer?.start(this.#claimed);
    if (this.#followUps.length > 0) this.followers?.due(this.#followUps);
  }

  /** The commit was rolled back, or nobody knows: claims nothing. */
  failed(): void {
    const places = this.#reserved + this.#claimed.length;
    if (places > 0) this.claimer?.giveBackSlots(places);
  }
}
