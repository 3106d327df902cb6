import type { FireOutcome } from '../../intake/fire.types.js';
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
import type { TriggerDefinition } from '../../intake/trigger.definition.js';
import { TriggersError } from '../../model/errors.js';
import { newId } from '../../model/ids.js';
import type { NodeId } from '../../model/ids.js';
import type { FireItem } from '../../model/trigger-result.js';
import { FakeTriggerRows } from './fake-trigger-rows.contract.js';

/** The store behind pollers, in memory: as strict about owner, epoch, version and switch as the real one. */
export class FakePollIntake extends FakeTriggerRows {
  /** Triggers whose owner was told that they changed. */
  readonly told: string[] = [];
  readonly writes: PollWrite[] = [];
  readonly previews: FireItem[][] = [];
  readonly keys = new Set<string>();
  readonly calls = { declare: 0, acquire: 0, read: 0, stamps: 0, holdings: 0, want: 0, handOver: 0 };
  readonly released: string[] = [];
  /** While it is away, commits wait; {@link back} lets them through. */
  isAway = false;
  readonly #waiting: (() => void)[] = [];

  tellChanged(name: string): void {
    this.told.push(name);
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
    const free = this.named(names).filter(({ owner }) => !this.lives(owner) || owner === this.nodeId);
    const taken = free.slice(0, limit);
    for (const row of taken) Object.assign(row, { owner: this.nodeId, wantedBy: null, epoch: row.epoch + 1 });
    return taken.map((row) => this.view(row));
  }

  async release(names: readonly string[]): Promise<void> {
    this.released.push(...names);
    for (const row of this.named(names)) {
      if (row.owner === this.nodeId) Object.assign(row, { owner: null, wantedBy: null });
      if (row.wantedBy === this.nodeId) row.wantedBy = null;
    }
  }

  async holdings(names: readonly string[]): Promise<TriggerHoldings> {
    this.calls.holdings += 1;
    const groups = [...this.rows.values()].map(({ name, owner, wantedBy }) => {
      const living = this.lives(owner) ? (owner as NodeId) : null;
      return {
        asked: names.includes(name),
        owner: living,
        wanter: living !== null && this.lives(wantedBy) ? wantedBy : null,
        triggers: 1,
      };
    });
    return { living: [...(this.shared?.living ?? [])] as NodeId[], groups };
  }

  async want(names: readonly string[], from: NodeId, limit: number): Promise<number> {
    this.calls.want += 1;
    const rows = this.named(names).filter(({ owner, wantedBy }) => owner === from && !this.lives(wantedBy));
    for (const row of rows.slice(0, limit)) row.wantedBy = this.nodeId;
    return Math.min(rows.length, limit);
  }

  async handOver(handOvers: readonly HandOver[]): Promise<readonly string[]> {
    this.calls.handOver += 1;
    if (this.isAway) throw new TriggersError('TRG_STORE_UNAVAILABLE', 'away');
    const done = handOvers.filter(({ name, epoch, to }) => {
      const row = this.row(name);
      return row.owner === this.nodeId && row.epoch === epoch && row.wantedBy === to && this.lives(to);
    });
    for (const { name, epoch, to } of done) {
      Object.assign(this.row(name), { owner: to, wantedBy: null, epoch: epoch + 1 });
    }
    return done.map(({ name }) => name);
  }

  async owned(names: readonly string[]): Promise<readonly StoredTrigger[]> {
    return this.named(names)
      .filter(({ owner }) => owner === this.nodeId)
      .map((row) => this.view(row));
  }

  async read(names: readonly string[]): Promise<readonly StoredTrigger[]> {
    this.calls.read += 1;
    return names.flatMap((name) => (this.rows.has(name) ? [this.view(this.row(name))] : []));
  }

  async stamps(names: readonly string[]): Promise<readonly TriggerStamp[]> {
    this.calls.stamps += 1;
    return this.named(names)
      .filter(({ owner }) => owner === this.nodeId)
      .map((row) => this.view(row));
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
    const enabled = write.countsOnly === true || (row.enabledOverride ?? write.declaredEnabled);
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
    const of = isDuplicate ? 'dedup' : null;
    const { id: firingId, state } = draft;
    return { status, of, firingId, executionIds: [], dedupKey, state, reason: null, delayedMs: 0 };
  }
}
