import { hostname } from 'node:os';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { Clock, MAX_CLOCK_OFFSET_MS } from '../model/clock.js';
import { EventBus } from '../model/events.js';
import { NodeIdentity } from '../model/node-identity.js';
import { NodeRoles } from '../model/node-roles.js';
import { PACKAGE_VERSION } from '../model/package-version.js';
import type { NodeId } from '../model/ids.js';
import { errorMessage } from '../model/text.js';
import type { TimerHandle } from '../model/clock.js';
import { Store } from '../store/store.service.js';
import { deleteNode, registerNode, renewNode } from '../store/node.repository.js';
import type { NodeRegistration } from '../store/node.repository.js';
import { bringForward } from '../store/rescue.repository.js';
import { WorkflowRegistry } from '../workflows/workflow.registry.js';
import { ServedPools } from './served-pools.service.js';
import { ENGINE_OPTIONS } from './tokens.js';
import type { ResolvedEngineOptions } from './engine.options.js';

/** Told how the lease fares. */
export interface LeaseListener {
  /**
   * The lease was renewed; about every third of it.
   *
   * @param late it was renewed much later than it should: others may think that this node is dead, so wait one renewal
   *   before taking anything from them
   */
  renewed(late: boolean): Promise<void>;
  /** The lease is lost: abort everything at once. A new identity follows. */
  lost(): void;
}

/**
 * The lease of this node: one row, renewed every third of its length. Triggers and tasks carry the node as their owner
 * and are valid while its lease is, so nothing else needs renewing.
 *
 * A node that could not renew in time must assume that others took its work: it aborts every body, and comes back under
 * a new id, so that nothing it started before can ever count again. The monotonic clock decides, because it does not
 * jump; a process that was suspended finds out on waking, before it does anything else.
 */
@Injectable()
export class NodeLease {
  #renewedAt = Number.NEGATIVE_INFINITY;
  #timer: TimerHandle | undefined;
  #listener: LeaseListener | undefined;
  #registered = false;
  #isClockOff = false;
  /** What the clock that rules the rows showed, and the least that has passed since then by ours. */
  #storeClock: { readonly showed: number; readonly at: number } | undefined;
  #telling = false;
  readonly #logger = new Logger('engine');

  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly workflows: WorkflowRegistry,
    private readonly events: EventBus,
    private readonly identity: NodeIdentity,
    private readonly roles: NodeRoles,
    private readonly pools: ServedPools,
    @Inject(ENGINE_OPTIONS) private readonly options: ResolvedEngineOptions,
  ) {}

  /** The identity of this node; another one after every lost lease. */
  get nodeId(): NodeId {
    return this.identity.id;
  }

  /** Whether this node may act on what it owns. */
  get isHeld(): boolean {
    return this.#registered && this.clock.monotonic() - this.#renewedAt < this.options.leaseMs;
  }

  async start(listener: LeaseListener): Promise<void> {
    this.#listener = listener;
    await this.#register();
    this.#arm();
  }

  /** Gives the lease back, so that others need not wait for it to run out. */
  async stop(): Promise<void> {
    this.#timer?.clear();
    this.#timer = undefined;
    this.#listener = undefined;
    if (!this.#registered) return;
    this.#registered = false;
    // While the database is away the lease runs out by itself.
    if (!this.store.commits.isAway) await this.store.change(() => deleteNode(this.nodeId)).catch(() => undefined);
  }

  async #renewOrLose(): Promise<Renewal> {
    const before = this.clock.monotonic();
    const late = before - this.#renewedAt > (this.options.leaseMs * 2) / 3;
    const answer = this.isHeld ? await this.#renew() : 'refused';
    if (answer === 'renewed') this.#renewedAt = before;
    else if (this.#registered && (answer === 'refused' || !this.isHeld)) await this.#lose();
    return { renewed: answer === 'renewed', late };
  }

  /** What others do with a renewal may take longer than the next one may wait; then it is left out once. */
  async #tell({ renewed, late }: Renewal): Promise<void> {
    if (!renewed || this.#telling) return;
    this.#telling = true;
    try {
      await this.#listener?.renewed(late);
    } finally {
      this.#telling = false;
    }
  }

  /** `refused`: the row is gone or has run out for the database, so others may have taken over already. */
  async #renew(): Promise<'renewed' | 'refused' | 'unanswered'> {
    try {
      const before = this.clock.now();
      const asked = this.clock.monotonic();
      const storeNow = await this.store.change(() => renewNode(this.nodeId, this.options.leaseMs));
      if (storeNow === null) return 'refused';
      this.#compareClocks(storeNow, before);
      await this.#catchUp(storeNow, asked);
      return 'renewed';
    } catch {
      // The database is away: the lease goes on until its time is over.
      return 'unanswered';
    }
  }

  /** Rows follow the database's clock; polls and logs follow ours. Said once when they part, once when they meet again. */
  #compareClocks(storeNow: number, before: number): void {
    const offsetMs = Math.max(before - storeNow, storeNow - this.clock.now());
    const isOff = offsetMs > MAX_CLOCK_OFFSET_MS;
    if (isOff && !this.#isClockOff) {
      this.#logger.warn(
        `The clock of this machine is ${Math.round(offsetMs / 1000)} s off the database's. Set up NTP on both.`,
      );
    } else if (!isOff && this.#isClockOff) {
      this.#logger.log("The clock of this machine agrees with the database's again.");
    }
    this.#isClockOff = isOff;
  }

  /** Rows say by a clock that can be set back when something is due; what was due would wait for the old time. */
  async #catchUp(storeNow: number, asked: number): Promise<void> {
    const last = this.#storeClock;
    const expected = last === undefined ? storeNow : last.showed + (asked - last.at);
    if (expected - storeNow > MAX_CLOCK_OFFSET_MS) {
      this.#logger.warn(
        `The clock was set back by ${Math.round((expected - storeNow) / 1000)} s; tasks that were due go on at once.`,
      );
      await this.store.change(() => bringForward(expected));
    }
    this.#storeClock = { showed: storeNow, at: this.clock.monotonic() };
  }

  async #lose(): Promise<void> {
    const nodeId = this.nodeId;
    this.#registered = false;
    this.#listener?.lost();
    this.events.emit('node.leaseLost', { nodeId });
    this.identity.change();
    try {
      await this.#register();
    } catch {
      // Tried again with the next renewal.
    }
  }

  async #register(): Promise<void> {
    const before = this.clock.monotonic();
    const node = this.#describe();
    const storeNow = await this.store.change(() => registerNode(node));
    this.#renewedAt = before;
    this.#registered = true;
    // Stopped meanwhile.
    if (this.#listener === undefined) return this.stop();
    this.events.emit('node.started', { nodeId: this.nodeId });
    await this.#catchUp(storeNow, before);
  }

  #describe(): NodeRegistration {
    const { nodeName: name, leaseMs, concurrency } = this.options;
    return {
      id: this.nodeId,
      name,
      leaseMs,
      workflows: this.workflows.all().map((workflow) => `${workflow.name}:${workflow.hash}`),
      roles: this.roles.names,
      pools: this.pools.all,
      concurrency: this.roles.has('worker') ? concurrency : 0,
      host: hostname(),
      pid: process.pid,
      version: PACKAGE_VERSION,
    };
  }

  #arm(): void {
    this.#timer?.clear();
    if (this.#listener === undefined) return;
    this.#timer = this.clock.setTimer(() => void this.#tick(), this.options.leaseMs / 3);
  }

  async #tick(): Promise<void> {
    let renewal: Renewal = { renewed: false, late: false };
    try {
      if (!this.#registered) await this.#register();
      renewal = await this.#renewOrLose();
    } catch (error) {
      this.#logger.warn(`The lease of this node could not be renewed, tried again soon: ${errorMessage(error)}`);
    } finally {
      this.#arm();
    }
    await this.#tell(renewal);
  }
}

interface Renewal {
  readonly renewed: boolean;
  readonly late: boolean;
}
