import { Test } from '@nestjs/testing';
import { PollIntake } from '../../intake/poll-intake.js';
import type {
  DeclaredTrigger,
  FirePreview,
  HandOver,
  PollWrite,
  PollWritten,
  PreparedFiring,
  StoredTrigger,
  TriggerHoldings,
  TriggerStamp,
} from '../../intake/poll-intake.js';
import type { FireOutcome } from '../../intake/fire.types.js';
import type { TriggerDefinition } from '../../intake/trigger.definition.js';
import { Clock } from '../../model/clock.js';
import { TriggersError } from '../../model/errors.js';
import { EventBus } from '../../model/events.js';
import type { TriggersEvent } from '../../model/events.js';
import { newId } from '../../model/ids.js';
import { NodeRoles } from '../../model/node-roles.js';
import type { NodeId } from '../../model/ids.js';
import { TimerRegistry } from '../../model/timer-registry.js';
import type { FireItem, TriggerResult } from '../../model/trigger-result.js';
import { TestClock } from '../../testing/test-clock.js';
import { PollControl } from './poll-control.service.js';
import type { PollDefinition } from './poll-trigger.definition.js';
import type { Poll } from './poll.js';
import { PollerService } from './poller.service.js';

type Row = { -readonly [K in keyof StoredTrigger]: StoredTrigger[K] } & { owner: string | null };

/** What the nodes of one store share. */
export class FakeTriggers {
  readonly rows = new Map<string, Row>();
  readonly living = new Set<string>();
}

/** The store behind pollers, in memory: as strict about owner, epoch, version and switch as the real one. */
export class FakePollIntake extends PollIntake {
  /** Triggers whose owner was told that they changed. */
  readonly told: string[] = [];
  readonly rows: Map<string, Row>;
  readonly writes: PollWrite[] = [];
  readonly previews: FireItem[][] = [];
  readonly keys = new Set<string>();
  readonly calls = { declare: 0, acquire: 0, read: 0, stamps: 0, holdings: 0, want: 0, handOver: 0 };
  readonly released: string[] = [];
  /** While it is away, commits wait; {@link back} lets them through. */
  isAway = false;
  readonly #waiting: (() => void)[] = [];

  constructor(
    private readonly clock: Clock,
    private readonly shared: FakeTriggers | null = null,
    readonly nodeId = 'me' as NodeId,
  ) {
    super();
    this.rows = (shared ?? new FakeTriggers()).rows;
    shared?.living.add(nodeId);
  }

  get isAlone(): boolean {
    return this.shared === null;
  }

  row(name: string): Row {
    const found = this.rows.get(name);
    if (found === undefined) throw new Error(`no row ${name}`);
    return found;
  }

  seed(name: string, row: Partial<Row> = {}): Row {
    const full: Row = {
      name,
      mine: false,
      owner: null,
      epoch: 0,
      wantedBy: null,
      cursorVersion: 0,
      cursor: null,
      enabledOverride: null,
      intervalOverrideMs: null,
      consecutiveFailures: 0,
      lastError: null,
      suspendedAt: null,
      lastPollAt: null,
      lastPollAgoMs: null,
      lastFireAt: null,
      ...row,
    };
    this.rows.set(name, full);
    return full;
  }

  tellChanged(name: string): void {
    this.told.push(name);
  }

  /** What an operator does: it raises the version. */
  operate(name: string, change: Partial<Row>): void {
    const row = this.row(name);
    Object.assign(row, change, { cursorVersion: row.cursorVersion + 1 });
  }

  /** Another node takes it. */
  steal(name: string): void {
    const row = this.row(name);
    Object.assign(row, { owner: 'other', epoch: row.epoch + 1 });
  }

  back(): void {
    this.isAway = false;
    for (const resume of this.#waiting.splice(0)) resume();
  }

  async declare(triggers: readonly DeclaredTrigger[]): Promise<void> {
    this.calls.declare += 1;
    for (const { name } of triggers) if (!this.rows.has(name)) this.seed(name);
  }

  async acquire(names: readonly string[], limit = names.length): Promise<readonly StoredTrigger[]> {
    this.calls.acquire += 1;
    const free = this.#named(names).filter(({ owner }) => !this.#lives(owner) || owner === this.nodeId);
    const taken = free.slice(0, limit);
    for (const row of taken) Object.assign(row, { owner: this.nodeId, wantedBy: null, epoch: row.epoch + 1 });
    return taken.map((row) => this.#view(row));
  }

  async release(names: readonly string[]): Promise<void> {
    this.released.push(...names);
    for (const row of this.#named(names)) {
      if (row.owner === this.nodeId) Object.assign(row, { owner: null, wantedBy: null });
      if (row.wantedBy === this.nodeId) row.wantedBy = null;
    }
  }

  async holdings(names: readonly string[]): Promise<TriggerHoldings> {
    this.calls.holdings += 1;
    const groups = [...this.rows.values()].map(({ name, owner, wantedBy }) => {
      const living = this.#lives(owner) ? (owner as NodeId) : null;
      return {
        asked: names.includes(name),
        owner: living,
        wanter: living !== null && this.#lives(wantedBy) ? wantedBy : null,
        triggers: 1,
      };
    });
    return { living: [...(this.shared?.living ?? [])] as NodeId[], groups };
  }

  async want(names: readonly string[], from: NodeId, limit: number): Promise<number> {
    this.calls.want += 1;
    const rows = this.#named(names).filter(({ owner, wantedBy }) => owner === from && !this.#lives(wantedBy));
    for (const row of rows.slice(0, limit)) row.wantedBy = this.nodeId;
    return Math.min(rows.length, limit);
  }

  async handOver(handOvers: readonly HandOver[]): Promise<readonly string[]> {
    this.calls.handOver += 1;
    if (this.isAway) throw new TriggersError('TRG_STORE_UNAVAILABLE', 'away');
    const done = handOvers.filter(({ name, epoch, to }) => {
      const row = this.row(name);
      return row.owner === this.nodeId && row.epoch === epoch && row.wantedBy === to && this.#lives(to);
    });
    for (const { name, epoch, to } of done) {
      Object.assign(this.row(name), { owner: to, wantedBy: null, epoch: epoch + 1 });
    }
    return done.map(({ name }) => name);
  }

  async owned(names: readonly string[]): Promise<readonly StoredTrigger[]> {
    return this.#named(names)
      .filter(({ owner }) => owner === this.nodeId)
      .map((row) => this.#view(row));
  }

  async read(names: readonly string[]): Promise<readonly StoredTrigger[]> {
    this.calls.read += 1;
    return names.flatMap((name) => (this.rows.has(name) ? [this.#view(this.row(name))] : []));
  }

  async stamps(names: readonly string[]): Promise<readonly TriggerStamp[]> {
    this.calls.stamps += 1;
    return this.#named(names)
      .filter(({ owner }) => owner === this.nodeId)
      .map((row) => this.#view(row));
  }

  async prepare(_: TriggerDefinition, items: readonly FireItem[]): Promise<readonly PreparedFiring[]> {
    return items.map(({ context, dedupKey }) => {
      const bad = context !== undefined && 'bad' in context;
      return {
        id: newId(),
        state: bad ? 'dead' : 'accepted',
        context: JSON.stringify(context ?? {}),
        dedup: dedupKey ?? null,
      } as unknown as PreparedFiring;
    });
  }

  async commit(write: PollWrite, { deadlineMs }: { deadlineMs?: number } = {}): Promise<PollWritten> {
    if (this.isAway && deadlineMs !== undefined) throw new TriggersError('TRG_STORE_UNAVAILABLE', 'away');
    if (this.isAway) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    const row = this.row(write.trigger);
    const enabled = row.enabledOverride ?? write.declaredEnabled;
    if (
      row.owner !== this.nodeId ||
      row.epoch !== write.epoch ||
      row.cursorVersion !== write.cursorVersion ||
      !enabled
    ) {
      return { status: 'superseded' };
    }
    const outcomes = write.drafts.map((draft) => this.#fire(draft));
    const wrote = write.flush || write.cursor !== undefined || outcomes.some(({ status }) => status !== 'duplicate');
    if (!wrote) return { status: 'committed', wrote, outcomes };
    this.writes.push(write);
    const { consecutiveFailures, lastError } = write;
    Object.assign(row, {
      consecutiveFailures,
      lastError,
      lastPollAt: new Date(this.clock.now() - write.lastPollAgoMs),
    });
    if (write.cursor !== undefined) row.cursor = write.cursor;
    if (write.suspends) row.suspendedAt = new Date(this.clock.now());
    return { status: 'committed', wrote, outcomes };
  }

  async preview(_: TriggerDefinition, items: readonly FireItem[]): Promise<readonly FirePreview[]> {
    this.previews.push([...items]);
    return items.map(({ dedupKey = null }) => {
      const status = dedupKey !== null && this.keys.has(dedupKey) ? 'duplicate' : 'accepted';
      return { status, dedupKey, reason: null, firingId: null };
    });
  }

  #fire(draft: PreparedFiring): FireOutcome {
    const dedupKey = draft.dedup as unknown as string | null;
    const isDuplicate = dedupKey !== null && this.keys.has(dedupKey);
    if (dedupKey !== null) this.keys.add(dedupKey);
    const status = isDuplicate ? 'duplicate' : (draft.state as FireOutcome['status']);
    return { status, firingId: draft.id, executionIds: [], dedupKey, state: draft.state, reason: null, delayedMs: 0 };
  }

  #named(names: readonly string[]): Row[] {
    return names.flatMap((name) => this.rows.get(name) ?? []);
  }

  /** A node that no test speaks of lives as long as it owns something. */
  #lives(node: string | null): boolean {
    return node !== null && (this.shared === null || this.shared.living.has(node));
  }

  #view({ owner, ...row }: Row): StoredTrigger {
    const { lastPollAt, wantedBy } = row;
    return {
      ...row,
      mine: owner === this.nodeId,
      wantedBy: this.#lives(wantedBy) ? wantedBy : null,
      lastPollAgoMs: lastPollAt === null ? null : this.clock.now() - lastPollAt.getTime(),
    };
  }
}

/** What a test says of a trigger; the rest is filled in. */
export type TestDefinition = Partial<PollDefinition> & {
  readonly poll: (poll: Poll) => TriggerResult | Promise<TriggerResult>;
};

/** A poller over a fake store and a fake clock. */
export interface PollHarness {
  readonly clock: TestClock;
  readonly intake: FakePollIntake;
  readonly poller: PollerService;
  readonly control: PollControl;
  readonly events: TriggersEvent[];
  readonly shown: string[];
  add(definition: TestDefinition): PollDefinition;
  /** Names of the events so far, except those of firings. */
  eventNames(): string[];
}

/** A node among others on one store and one clock. */
export interface Neighbour {
  readonly clock: TestClock;
  readonly shared: FakeTriggers;
  readonly nodeId: string;
}

/** Builds a poller through Nest's injector, alone on its store unless it has neighbours. */
export async function createHarness(among?: Neighbour): Promise<PollHarness> {
  const clock = among?.clock ?? new TestClock();
  const intake = new FakePollIntake(clock, among?.shared, among?.nodeId as NodeId | undefined);
  const events: TriggersEvent[] = [];
  const bus = new EventBus(
    () => clock.now(),
    (message) => {
      throw new Error(message);
    },
  );
  bus.subscribe((event) => events.push(event));
  const shown: string[] = [];
  const timers: TimerRegistry = { show: (name) => shown.push(name), hide: () => undefined };
  const module = await Test.createTestingModule({
    providers: [
      PollerService,
      { provide: NodeRoles, useValue: new NodeRoles() },
      PollControl,
      { provide: PollIntake, useValue: intake },
      { provide: Clock, useValue: clock },
      { provide: EventBus, useValue: bus },
      { provide: TimerRegistry, useValue: timers },
    ],
  }).compile();
  module.useLogger(false);
  const poller = module.get(PollerService);
  const add = (definition: TestDefinition): PollDefinition => poller.add(defineTrigger(definition)).definition;
  return {
    clock,
    intake,
    poller,
    control: module.get(PollControl),
    events,
    shown,
    add,
    eventNames: () => events.map(({ name }) => name),
  };
}

/** A definition with everything filled in that a test does not say. */
export function defineTrigger({ poll, ...given }: TestDefinition): PollDefinition {
  const name = given.name ?? 'inbox';
  const label = `Inbox.${name}`;
  return {
    name,
    kind: 'poll',
    aliases: [],
    workflows: [],
    enabled: true,
    dedup: { scope: 'running', cooldown: true },
    filter: null,
    rateLimit: null,
    onLimit: 'delay',
    priority: 0,
    bigNumbers: null,
    label,
    options: {},
    pollIntervalMs: 1_000,
    timeoutMs: 30_000,
    suspendAfter: 20,
    invoker: { label, invoke: async ([argument]) => poll(argument as Poll) },
    onError: null,
    onInit: null,
    onDestroy: null,
    ...given,
  };
}

/** A promise that a test settles. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: Error): void;
}

/** Makes a {@link Deferred}. */
export function deferred<T>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((ok, bad) => {
    resolve = ok;
    reject = bad;
  });
  return { promise, resolve, reject };
}
