import type { StoredTrigger } from '../../intake/poll-intake.js';
import { isAbsurd } from './poll-schedule.js';
import { ownedElsewhere } from './poll.recorder.js';
import type { PollTools } from './poll.recorder.js';
import type { PolledTrigger } from './polled-trigger.js';

/** Triggers that one statement speaks of: at most some milliseconds of a synchronous database. */
const CHUNK = 500;

/**
 * Which of the declared triggers this node polls. The rows decide: a trigger is owned by one living node, and a commit
 * by any other is refused. What is kept here may be late, never wrong for long: it is compared at every renewal.
 */
export class PollOwnership {
  constructor(
    private readonly tools: PollTools,
    private readonly arm: (trigger: PolledTrigger, now: number) => void,
  ) {}

  /** Makes the rows of declared triggers. */
  async declare(triggers: readonly PolledTrigger[]): Promise<void> {
    const rows = triggers.map(({ definition: { name, kind, aliases } }) => ({ name, kind, aliases }));
    for (const chunk of chunksOf(rows)) await this.tools.intake.declare(chunk);
  }

  /** Makes the rows and takes them, both in one commit for each chunk. */
  async enlist(triggers: readonly PolledTrigger[]): Promise<void> {
    for (const chunk of chunksOf(triggers)) await Promise.all([this.declare(chunk), this.acquire(chunk)]);
  }

  /** Takes what nobody alive owns, and plans its polls. */
  async acquire(triggers: Iterable<PolledTrigger>): Promise<void> {
    const { intake, clock } = this.tools;
    const now = clock.monotonic();
    const free = new Map(
      [...triggers].filter((trigger) => trigger.isAcquirable(now)).map((trigger) => [trigger.name, trigger]),
    );
    for (const names of chunksOf([...free.keys()])) {
      for (const stored of await intake.acquire(names)) {
        const trigger = free.get(stored.name);
        if (trigger?.isOwned === false) this.#own(trigger, stored);
      }
    }
  }

  /** Takes over what operators changed since; drops what another node owns now. */
  async reload(triggers: Iterable<PolledTrigger>): Promise<void> {
    for (const chunk of chunksOf([...triggers].filter(({ isOwned }) => isOwned))) {
      const stamps = await this.tools.intake.stamps(chunk.map(({ name }) => name));
      const known = new Map(stamps.map((stamp) => [stamp.name, stamp]));
      const changed = chunk.filter((trigger) => {
        const stamp = known.get(trigger.name);
        if (!trigger.isOwned) return false;
        const { epoch, cursorVersion, intervalOverrideMs } = trigger.stored;
        return (
          stamp?.epoch !== epoch ||
          stamp.cursorVersion !== cursorVersion ||
          stamp.intervalOverrideMs !== intervalOverrideMs
        );
      });
      if (changed.length > 0) await this.refresh(changed);
    }
  }

  /** Reads these triggers again. */
  async refresh(triggers: readonly PolledTrigger[]): Promise<void> {
    const { intake, clock } = this.tools;
    const rows = new Map((await intake.read(triggers.map(({ name }) => name))).map((stored) => [stored.name, stored]));
    for (const trigger of triggers) {
      const stored = rows.get(trigger.name);
      if (!trigger.isOwned) continue;
      const now = clock.monotonic();
      if (stored?.mine === true) trigger.apply(stored, now);
      else trigger.lose(ownedElsewhere(trigger.name));
      this.arm(trigger, now);
    }
  }

  /** Gives these triggers up in the store; any node may take them at once. */
  async release(names: readonly string[]): Promise<void> {
    for (const chunk of chunksOf(names)) await this.tools.intake.release(chunk);
  }

  #own(trigger: PolledTrigger, stored: StoredTrigger): void {
    const { events, clock } = this.tools;
    const now = clock.monotonic();
    trigger.own(stored, now);
    if (stored.lastPollAgoMs !== null && isAbsurd(stored.lastPollAgoMs)) {
      events.emit('trigger.clockReset', { trigger: trigger.name, was: stored.lastPollAt?.toISOString() ?? 'unknown' });
    }
    this.arm(trigger, now);
  }
}

function* chunksOf<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < all.length; at += CHUNK) yield all.slice(at, at + CHUNK);
}
