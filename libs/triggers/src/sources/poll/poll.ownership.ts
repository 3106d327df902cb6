import type { StoredTrigger, TriggerHoldings } from '../../intake/poll-intake.js';
import type { NodeId } from '../../model/ids.js';
import { chunksInTurns, chunksOf } from './chunks.js';
import { isAbsurd } from './poll-schedule.js';
import { planShares } from './poll-shares.js';
import { ownedElsewhere } from './poll.recorder.js';
import type { PollTools } from './poll.recorder.js';
import type { PolledTrigger } from './polled-trigger.js';

/**
 * Which of the declared triggers this node polls. The rows decide: a trigger is owned by one living node, and a commit
 * by any other is refused. What is kept here may be late, never wrong for long: it is compared at every renewal, and so
 * is this node's share of what it declares (`planShares`).
 */
export class PollOwnership {
  /** What was seen at the last look. */
  #before: TriggerHoldings | null = null;

  constructor(
    private readonly tools: PollTools,
    private readonly arm: (trigger: PolledTrigger, now: number) => void,
  ) {}

  /** Makes the rows of declared triggers. */
  async declare(triggers: readonly PolledTrigger[]): Promise<void> {
    const rows = triggers.map(({ definition: { name, kind, aliases, enabled } }) => ({ name, kind, aliases, enabled }));
    for (const chunk of chunksOf(rows)) await this.tools.intake.declare(chunk);
  }

  /** Makes the rows of all declared triggers, and takes this node's share of them. */
  async begin(triggers: readonly PolledTrigger[]): Promise<void> {
    this.#before = null;
    if (this.tools.intake.isAlone) return this.enlist(triggers);
    await this.declare(triggers);
    await this.balance(triggers);
  }

  /** Makes the rows and takes what is free, both in one commit for each chunk. */
  async enlist(triggers: readonly PolledTrigger[]): Promise<void> {
    for (const chunk of chunksOf(triggers)) await Promise.all([this.declare(chunk), this.#acquire(chunk)]);
  }

  /** Takes what nobody alive owns and what was handed over, and asks others for what this node lacks of its share. */
  async balance(triggers: readonly PolledTrigger[]): Promise<void> {
    const { intake, clock } = this.tools;
    const now = clock.monotonic();
    const free = triggers.filter((trigger) => trigger.isAcquirable(now));
    if (intake.isAlone) return this.#acquire(free);
    const owned = triggers.filter(({ isOwned }) => isOwned);
    if (free.length + owned.length === 0) return;
    const holdings = await intake.holdings([...owned, ...free].map(({ name }) => name));
    const { take, want } = planShares({ me: intake.nodeId, holdings, before: this.#before });
    this.#before = holdings;
    if (ownedBy(intake.nodeId, holdings) > owned.length) await this.#adopt(free);
    await this.#acquire(free, take);
    for (const { from, count } of want) await this.#want(free, from, count);
  }

  /** Takes over what operators changed since; drops what another node owns now. */
  async reload(triggers: readonly PolledTrigger[]): Promise<void> {
    for await (const chunk of chunksInTurns(triggers.filter(({ isOwned }) => isOwned))) {
      const stamps = await this.tools.intake.stamps(chunk.map(({ name }) => name));
      const known = new Map(stamps.map((stamp) => [stamp.name, stamp]));
      const changed = chunk.filter((trigger) => {
        const stamp = known.get(trigger.name);
        if (!trigger.isOwned) return false;
        const { epoch, cursorVersion, intervalOverrideMs, wantedBy } = trigger.stored;
        return (
          stamp?.epoch !== epoch ||
          stamp.cursorVersion !== cursorVersion ||
          stamp.intervalOverrideMs !== intervalOverrideMs ||
          stamp.wantedBy !== wantedBy
        );
      });
      if (changed.length > 0) await this.refresh(changed);
    }
  }

  /** Reads these triggers again; what was handed over to this node meanwhile is polled from now on. */
  async refresh(triggers: readonly PolledTrigger[]): Promise<void> {
    const { intake, clock } = this.tools;
    const rows = new Map((await intake.read(triggers.map(({ name }) => name))).map((stored) => [stored.name, stored]));
    for (const trigger of triggers) {
      const stored = rows.get(trigger.name);
      const now = clock.monotonic();
      if (trigger.isOwned) {
        if (stored?.mine === true) trigger.apply(stored, now);
        else trigger.lose(ownedElsewhere(trigger.name));
        this.arm(trigger, now);
      } else if (stored?.mine === true && trigger.isAcquirable(now)) this.#own(trigger, stored, true);
    }
  }

  /** Gives these triggers up in the store; any node may take them at once. */
  async release(names: readonly string[]): Promise<void> {
    for (const chunk of chunksOf(names)) await this.tools.intake.release(chunk);
  }

  async #acquire(triggers: readonly PolledTrigger[], limit = triggers.length): Promise<void> {
    const now = this.tools.clock.monotonic();
    let left = limit;
    for (const chunk of chunksOf(triggers.filter((trigger) => trigger.isAcquirable(now)))) {
      if (left <= 0) return;
      const taken = await this.tools.intake.acquire(
        chunk.map(({ name }) => name),
        left,
      );
      this.#ownAll(chunk, taken, false);
      left -= taken.length;
    }
  }

  async #adopt(triggers: readonly PolledTrigger[]): Promise<void> {
    for (const chunk of chunksOf(triggers)) {
      this.#ownAll(chunk, await this.tools.intake.owned(chunk.map(({ name }) => name)), true);
    }
  }

  async #want(triggers: readonly PolledTrigger[], from: NodeId, count: number): Promise<void> {
    let left = count;
    for (const chunk of chunksOf(triggers.filter(({ isOwned }) => !isOwned))) {
      if (left <= 0) return;
      left -= await this.tools.intake.want(
        chunk.map(({ name }) => name),
        from,
        left,
      );
    }
  }

  #ownAll(triggers: readonly PolledTrigger[], stored: readonly StoredTrigger[], isHandedOver: boolean): void {
    const rows = new Map(stored.map((row) => [row.name, row]));
    for (const trigger of triggers) {
      const row = rows.get(trigger.name);
      if (row !== undefined && !trigger.isOwned) this.#own(trigger, row, isHandedOver);
    }
  }

  #own(trigger: PolledTrigger, stored: StoredTrigger, isHandedOver: boolean): void {
    const { events, clock } = this.tools;
    const now = clock.monotonic();
    trigger.own(stored, now, isHandedOver);
    if (stored.lastPollAgoMs !== null && isAbsurd(stored.lastPollAgoMs)) {
      events.emit('trigger.clockReset', { trigger: trigger.name, was: stored.lastPollAt?.toISOString() ?? 'unknown' });
    }
    this.arm(trigger, now);
  }
}

function ownedBy(node: NodeId, { groups }: TriggerHoldings): number {
  return groups.reduce((sum, { asked, owner, triggers }) => (asked && owner === node ? sum + triggers : sum), 0);
}
