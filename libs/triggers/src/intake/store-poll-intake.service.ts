import { Injectable } from '@nestjs/common';
import type { NodeId } from '../model/ids.js';
import { NodeIdentity } from '../model/node-identity.js';
import type { FireItem } from '../model/trigger-result.js';
import { keyOf } from '../store/commits/dedup.keys.js';
import { findHolders } from '../store/commits/dedup.statements.js';
import { POLL } from '../store/commits/poll.commit.js';
import type { PollItem, PollOutcome } from '../store/commits/poll.commit.js';
import { Store } from '../store/store.service.js';
import {
  READ_OWNED,
  READ_STAMPS,
  acquireTriggers,
  countHoldings,
  handTriggersOver,
  releaseTriggers,
  wantTriggers,
} from '../store/trigger-owner.repository.js';
import { READ_TRIGGERS, declareTriggers, recordOf } from '../store/trigger.repository.js';
import { IntakePipe } from './intake.pipe.js';
import { sourceOf } from './firing-source.js';
import { IntakeService } from './intake.service.js';
import { PollIntake } from './poll-intake.js';
import type {
  DeclaredTrigger,
  FirePreview,
  HandOver,
  PollWrite,
  PolledItem,
  PollWritten,
  PreparedFiring,
  StoredTrigger,
  TriggerHoldings,
  TriggerStamp,
} from './poll-intake.js';
import type { TriggerDefinition } from './trigger.definition.js';

/** {@link PollIntake} on the store. */
@Injectable()
export class StorePollIntake extends PollIntake {
  constructor(
    private readonly store: Store,
    private readonly node: NodeIdentity,
    private readonly pipe: IntakePipe,
    private readonly intake: IntakeService,
  ) {
    super();
  }

  get nodeId(): NodeId {
    return this.node.id;
  }

  get isAlone(): boolean {
    return this.store.options.type === 'sqlite';
  }

  declare(triggers: readonly DeclaredTrigger[]): Promise<void> {
    return this.store.change(() => declareTriggers(triggers));
  }

  acquire(names: readonly string[], limit?: number): Promise<readonly StoredTrigger[]> {
    return this.store.change(() => acquireTriggers(names, this.node.id, limit));
  }

  release(names: readonly string[]): Promise<void> {
    return this.store.change(() => releaseTriggers(names, this.node.id));
  }

  holdings(names: readonly string[]): Promise<TriggerHoldings> {
    return this.store.look(() => countHoldings(names));
  }

  want(names: readonly string[], from: NodeId, limit: number): Promise<number> {
    return this.store.change(() => wantTriggers(names, this.node.id, from, limit));
  }

  handOver(handOvers: readonly HandOver[]): Promise<readonly string[]> {
    return this.store.change(() => handTriggersOver(handOvers, this.node.id));
  }

  async owned(names: readonly string[]): Promise<readonly StoredTrigger[]> {
    const rows = await this.store.read(
      READ_OWNED,
      names.map((name) => [name, this.node.id]),
    );
    return rows.map((row) => recordOf(row, this.node.id));
  }

  async read(names: readonly string[]): Promise<readonly StoredTrigger[]> {
    const rows = await this.store.read(
      READ_TRIGGERS,
      names.map((name) => [name]),
    );
    return rows.map((row) => recordOf(row, this.node.id));
  }

  tellChanged(name: string): void {
    this.store.notices.tell({ about: 'trigger', name });
  }

  async stamps(names: readonly string[]): Promise<readonly TriggerStamp[]> {
    const rows = await this.store.read(
      READ_STAMPS,
      names.map((name) => [name, this.node.id]),
    );
    return rows.map((row) => ({
      name: row['name'] as string,
      epoch: Number(row['epoch']),
      cursorVersion: Number(row['cursor_version']),
      intervalOverrideMs: row['interval_override_ms'] === null ? null : Number(row['interval_override_ms']),
      wantedBy: row['wanted_by'] as NodeId | null,
    }));
  }

  prepare(trigger: TriggerDefinition, items: readonly PolledItem[]): Promise<readonly PreparedFiring[]> {
    const source = sourceOf(trigger);
    return Promise.all(items.map((item) => this.pipe.draft(source, item, 'keep', { scheduledFor: item.scheduledFor })));
  }

  async commit(write: PollWrite, options: { readonly deadlineMs?: number } = {}): Promise<PollWritten> {
    const item = { ...write, owner: this.node.id };
    const outcome = await this.store.commits.submit<PollItem, PollOutcome>(POLL, item, options);
    if (outcome.status === 'superseded') return outcome;
    const outcomes = outcome.verdicts.map((verdict, at) =>
      this.intake.conclude(write.drafts[at] as PreparedFiring, verdict),
    );
    return { status: 'committed', wrote: outcome.wrote, outcomes };
  }

  async preview(trigger: TriggerDefinition, items: readonly FireItem[]): Promise<readonly FirePreview[]> {
    const drafts = await this.prepare(trigger, items);
    const holds = drafts.flatMap(({ dedup }) => dedup ?? []);
    const holders = await this.store.look(() => findHolders(holds));
    const seen = new Set<string | null>();
    return drafts.map(({ dedup, state, reason }) => {
      const key = dedup && keyOf(dedup);
      const holder = key === null ? undefined : holders.get(key);
      const repeats = key !== null && seen.has(key);
      seen.add(key);
      const dedupKey = dedup?.label ?? null;
      if (holder !== undefined || repeats)
        return { status: 'duplicate', dedupKey, reason: null, firingId: holder?.firingId ?? null };
      return { status: state === 'debounced' ? 'held' : state, dedupKey, reason, firingId: null };
    });
  }
}
