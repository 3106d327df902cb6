import { Inject, Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import type { NodeId } from '../model/ids.js';
import { ALONE_FROM_RESCUE } from '../store/commits/claim.commit.js';
import type { ClaimedTask, Claimer, ReadyTask } from '../store/claimer.js';
import { Store } from '../store/store.service.js';
import { WorkflowRegistry } from '../workflows/workflow.registry.js';
import type { ResolvedEngineOptions } from './engine.options.js';
import { NodeLease } from './node-lease.service.js';
import { ServedPools } from './served-pools.service.js';
import { Slots } from './slots.js';
import { TaskRunner } from './task-runner.service.js';
import { ENGINE_OPTIONS } from './tokens.js';
import { TaskTransport } from './transport/transport.js';
import type { TransportHost } from './transport/transport.js';

/**
 * Hands claimed tasks to the runner and decides how many may be claimed. A task comes in two ways: a commit of this node
 * that made it ready claimed it in passing (no further commit, no latency), or the transport claimed it later.
 */
@Injectable()
export class Dispatcher implements Claimer, TransportHost, OnModuleInit {
  readonly #slots: Slots;
  #active = false;
  #quiet = false;
  #lonely = 0;
  /** Tasks that run here. */
  #bodies = 0;

  constructor(
    private readonly store: Store,
    private readonly workflows: WorkflowRegistry,
    private readonly lease: NodeLease,
    private readonly runner: TaskRunner,
    private readonly transport: TaskTransport,
    private readonly served: ServedPools,
    @Inject(ENGINE_OPTIONS) options: ResolvedEngineOptions,
  ) {
    this.#slots = new Slots(options.concurrency);
  }

  get nodeId(): NodeId {
    return this.lease.nodeId;
  }

  get declared(): readonly string[] {
    return this.workflows.all().map(({ name, hash }) => `${name}:${hash}`);
  }

  get pools(): readonly string[] {
    return this.served.all;
  }

  /** Commits of this process tell what they leave ready, whether it runs tasks or not. */
  onModuleInit(): void {
    this.store.commits.onReady = (inMs, tasks) => this.wake(inMs, tasks);
    this.transport.open();
  }

  startClaiming(): void {
    this.#active = true;
    this.runner.begin();
    this.store.commits.claimer = this;
    this.runner.onSlotFree = (task) => this.#slotFree(task);
    this.transport.start(this);
  }

  /** Claims nothing more; what runs goes on. */
  async stopClaiming(): Promise<void> {
    this.#active = false;
    await this.transport.stop();
  }

  /** Nothing runs any more. */
  close(): Promise<void> {
    return this.transport.close();
  }

  accepts(workflow: string, hash: string, pool: string): boolean {
    return !this.#quiet && this.served.has(pool) && this.workflows.byHash(workflow, hash) !== undefined;
  }

  poolOf(workflow: string, hash: string, task: string): string | undefined {
    return this.workflows.poolOf(workflow, hash, task);
  }

  poolsInTurn(): readonly string[] {
    return this.served.inTurn();
  }

  get concurrency(): number {
    return this.#slots.limit;
  }

  get freeSlots(): number {
    return this.#mayClaim() && !this.#quiet ? this.#slots.limit - this.#bodies : 0;
  }

  get isQuiet(): boolean {
    return this.#quiet;
  }

  takeSlots(wanted: number): number {
    return this.#mayClaim() ? this.#slots.take(wanted) : 0;
  }

  giveBackSlots(places: number): void {
    this.#slots.release(places);
  }

  quiet(on: boolean): void {
    this.#quiet = on;
  }

  isIdle(): boolean {
    return this.#slots.taken === 0;
  }

  start(tasks: readonly ClaimedTask[]): void {
    for (const task of tasks) {
      if (task.rescues >= ALONE_FROM_RESCUE) this.#lonely += 1;
      this.#bodies += 1;
      this.runner.run(task);
    }
  }

  /** Tasks are ready that nobody has claimed, or will be after a while: others may have a slot, too. */
  wake(inMs: number, tasks: readonly ReadyTask[]): void {
    if (inMs === 0) this.store.notices.tell({ about: 'ready' });
    this.transport.wake(inMs, tasks);
  }

  /** Another process left tasks ready. */
  noticed(): void {
    if (this.#active) this.transport.noticed();
  }

  #mayClaim(): boolean {
    return this.#active && this.#lonely === 0 && this.lease.isHeld;
  }

  #slotFree(task: ClaimedTask): void {
    if (task.rescues >= ALONE_FROM_RESCUE) this.#lonely -= 1;
    this.#bodies -= 1;
    this.#slots.release();
    if (this.#active) this.transport.slotFreed(task);
  }
}
