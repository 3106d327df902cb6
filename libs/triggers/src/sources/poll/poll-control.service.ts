import { Injectable } from '@nestjs/common';
import { PollIntake } from '../../intake/poll-intake.js';
import { Clock } from '../../model/clock.js';
import { notFound } from '../../model/errors.js';
import { NodeRoles } from '../../model/node-roles.js';
import { PollDryRun } from './poll.dry-run.js';
import type { DryRunReport, LivePoll, PollReport } from './poll.reports.js';
import type { PolledTrigger } from './polled-trigger.js';
import { PollerService } from './poller.service.js';

/** What operators and programs ask of the poller of this process. */
@Injectable()
export class PollControl {
  readonly #dryRun: PollDryRun;

  constructor(
    private readonly poller: PollerService,
    private readonly intake: PollIntake,
    private readonly clock: Clock,
    private readonly roles: NodeRoles,
  ) {
    this.#dryRun = new PollDryRun({ intake, clock, after: (delayMs, expire) => poller.after(delayMs, expire) });
  }

  /**
   * Polls a trigger at once, beside its fixed rate, and tells what that poll did. While a poll is on its way another one
   * follows it.
   *
   * @throws TRG_API_TRIGGER_NOT_FOUND
   */
  async pollNow(name: string): Promise<PollReport> {
    const trigger = this.poller.require(name);
    const refusal = this.#refusalOf(trigger);
    if (refusal !== null) return { status: 'refused', reason: `Trigger "${name}" ${refusal}` };
    const report = trigger.waiters.next();
    if (trigger.phase === 'waiting') this.poller.pollNow(trigger);
    return report;
  }

  /**
   * What a poll would do now: its method runs with `poll.dryRun`, outside any transaction, and each item is judged by
   * reads only. Nothing is written, and the next poll is not moved. Works for every declared trigger, also a disabled one
   * and one that another node owns.
   *
   * @throws TRG_API_TRIGGER_NOT_FOUND, TRG_STORE_UNAVAILABLE
   */
  async test(name: string): Promise<DryRunReport> {
    const trigger = this.poller.require(name);
    const [stored] = await this.intake.read([name]);
    if (stored === undefined) throw notFound('trigger', name, []);
    return this.#dryRun.run(trigger, stored);
  }

  /** What this process knows of a trigger that it polls; `undefined` if it does not. */
  live(name: string): LivePoll | undefined {
    const trigger = this.poller.find(name);
    if (trigger?.isOwned !== true) return undefined;
    const toDate = (at: number): Date => new Date(this.clock.now() + at - this.clock.monotonic());
    const { phase, stored, startedAt, plan, ticks } = trigger;
    return {
      polling: phase === 'polling' || phase === 'stalled',
      stalled: phase === 'stalled',
      nextPollAt:
        phase === 'waiting' && !trigger.isResting && Number.isFinite(plan.nextAt) ? toDate(plan.nextAt) : null,
      lastPollAt: startedAt === null ? stored.lastPollAt : toDate(startedAt),
      consecutiveFailures: stored.consecutiveFailures,
      lastError: stored.lastError,
      unwritten: ticks.counts,
    };
  }

  /**
   * Writes what this process has counted of a trigger and only memory knows, for somebody who looks at its history. Never
   * throws; does nothing for a trigger that is not polled here.
   */
  async writeCounts(name: string): Promise<void> {
    const trigger = this.poller.find(name);
    if (trigger !== undefined) await this.poller.writeCounts(trigger);
  }

  /** An operator changed the trigger: works with what is stored now, here and on the node that owns it. */
  changed(name: string): void {
    void this.poller.refresh(name);
    this.intake.tellChanged(name);
  }

  #refusalOf(trigger: PolledTrigger): string | null {
    if (!this.roles.has('scheduler'))
      return 'is not polled by this process: it has no role "scheduler". Ask one that has.';
    if (!this.poller.isRunning) return 'is not polled: this process does not run the engine.';
    if (!trigger.isOwned) return 'is polled by another node. Ask there.';
    if (!trigger.isEnabled) return 'is disabled. Enable it, or try it out with a dry run.';
    if (trigger.isResting) return 'is suspended. Resume it, or try it out with a dry run.';
    return trigger.phase === 'stalled' ? 'is stalled: its last poll has not returned.' : null;
  }
}
